"""The heart: a frame goes in, what is seen and what is to be told comes out. No I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from examples.camera.events.telling import Suppressed, Telling
from examples.camera.motion import Motion, MotionDetector
from examples.camera.motion.planes import working_size
from examples.camera.tracking import Sighting, Track, Tracker
from examples.camera.tracking.faces import Detector, FaceTracks
from examples.camera.zones import ignored

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from examples.camera.config import Config
    from examples.camera.events.event import Event
    from examples.camera.sources.frames import Frame


@dataclass(frozen=True)
class Seen:
    """What one frame showed."""

    frame: Frame
    motion: Motion
    moving: tuple[Track, ...]
    """Confirmed tracks of what moves."""
    faces: tuple[Track, ...]
    """Faces that are there, confirmed or not: what is blurred has to be on the safe side."""
    events: tuple[Event, ...]


class Watch:
    """Watches one camera. The same frames under the same configuration give the same events."""

    def __init__(self, config: Config, detector: Detector | None) -> None:
        self._config = config
        numbers = count(1)
        self._motion = MotionDetector(config.motion)
        self._tracker = Tracker(config.tracking, numbers)
        self._faces = None
        if detector is not None:
            self._faces = FaceTracks(detector, config.faces, config.tracking, numbers)
        self._told = Telling("motion", update_s=config.events.update_s)
        self._told_faces = Telling("face", update_s=config.events.update_s)
        self._suppressed = Suppressed()
        self._ignored: tuple[tuple[int, int], NDArray[np.uint8] | None] = ((0, 0), None)
        self._last = (0, 0.0)

    def step(self, frame: Frame) -> Seen:
        """Look at the next frame."""
        number, time_s = frame.number, frame.time_s
        self._last = (number, time_s)
        motion = self._motion.step(frame.image, time_s, ignore=self._mask(frame))
        events = self._follow_motion(motion, number, time_s)
        faces: list[Track] = []
        if self._faces is not None:
            boxes = list(motion.boxes) if motion.reason != "scene" else []
            ended = self._faces.step(frame.image, number, time_s, boxes)
            faces = self._faces.tracks
            events += self._told_faces.step(faces, ended, number, time_s)
        moving = tuple(t for t in self._tracker.tracks if t.confirmed and t.seen_s == time_s)
        return Seen(frame, motion, moving, tuple(faces), tuple(events))

    def close(self) -> list[Event]:
        """End every open event."""
        events = self._suppressed.close() if self._config.events.suppressed else []
        events += self._told.close(self._tracker.tracks, *self._last)
        if self._faces is not None:
            events += self._told_faces.close(self._faces.tracks, *self._last)
        return events

    def _follow_motion(self, motion: Motion, number: int, time_s: float) -> list[Event]:
        width, height = motion.size
        scale = 100 / (width * height)
        sightings = [
            Sighting((float(x0), float(y0), float(x1), float(y1)), (x1 - x0) * (y1 - y0) * scale)
            for x0, y0, x1, y1 in motion.boxes
        ]
        if motion.reason == "scene":
            sightings = []
        ended = self._tracker.step(sightings, time_s, may_begin=motion.reason is None)
        events = self._told.step(self._tracker.tracks, ended, number, time_s)
        if self._config.events.suppressed:
            events = self._why_not(motion, number, time_s) + events
        return events

    def _why_not(self, motion: Motion, number: int, time_s: float) -> list[Event]:
        """The reason why this frame's change starts no event, where there is change and none."""
        # A change of the light is one, even where all of it is taken for light and nothing is left.
        any_change = motion.boxes or motion.too_small or motion.reason == "light"
        reason = motion.reason if any_change else None
        fresh = [t for t in self._tracker.tracks if not t.confirmed and t.seen_s == time_s]
        if reason is None and fresh:
            reason = "debounce"
        if reason is None and motion.restless and not motion.boxes:
            reason = "restless"
        if reason is None and motion.too_small and not motion.boxes:
            reason = "area"
        if reason is None and motion.masked and not motion.boxes:
            reason = "zone"
        return self._suppressed.step(reason, number, time_s)

    def _mask(self, frame: Frame) -> NDArray[np.uint8] | None:
        size = (frame.image.shape[1], frame.image.shape[0])
        if self._ignored[0] != size:
            self._ignored = (size, ignored(self._config.zones, *working_size(*size)))
        return self._ignored[1]
