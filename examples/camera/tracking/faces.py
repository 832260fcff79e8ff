"""Faces over time: where to search, what goes on where the detector sees nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from examples.camera.tracking.boxes import Sighting, area
from examples.camera.tracking.follow import Follower
from examples.camera.tracking.tracks import Track, Tracker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from examples.camera.config.schema import FaceSettings, TrackSettings

    Region = tuple[int, int, int, int]


class Found(Protocol):
    """What a detector returns."""

    @property
    def box(self) -> tuple[float, float, float, float]: ...  # noqa: D102
    @property
    def score(self) -> float: ...  # noqa: D102


class Detector(Protocol):
    """What finds faces in a frame, everywhere or in regions."""

    def detect(  # noqa: D102
        self, frame: NDArray[np.uint8], regions: Sequence[Region] | None = None
    ) -> Sequence[Found]: ...


class FaceTracks:
    """Searches, follows and numbers the faces of one camera."""

    def __init__(
        self, detector: Detector, settings: FaceSettings, tracking: TrackSettings,
        numbers: Iterator[int],
    ) -> None:  # fmt: skip
        self._detector = detector
        self._settings = settings
        self._tracker = Tracker(tracking, numbers)
        self._followers: dict[int, Follower] = {}
        self._detected_s: dict[int, float] = {}
        """When the detector itself last saw each face."""

    @property
    def tracks(self) -> list[Track]:
        """The faces that are there."""
        return self._tracker.tracks

    def step(
        self, frame: NDArray[np.uint8], number: int, time_s: float, moving: Sequence[Region]
    ) -> list[Track]:
        """Look at a frame; return the tracks that have ended."""
        regions = self._where(number, moving)
        sightings = []
        if regions is None or regions:
            found = self._detector.detect(frame, regions)
            sightings = [Sighting(_floats(face.box), float(face.score)) for face in found]
        ended = self._tracker.step(sightings, time_s)
        grey = frame if frame.ndim == 2 else np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
        for track in self._tracker.tracks:
            if track.seen_s == time_s:
                self._remember(track, grey, time_s)
            else:
                self._follow(track, grey, time_s)
        for track in ended:
            self._followers.pop(track.number, None)
            self._detected_s.pop(track.number, None)
        return ended

    def _where(self, number: int, moving: Sequence[Region]) -> list[Region] | None:
        """None for everywhere, else the regions to search."""
        settings = self._settings
        if settings.every_frames and number % settings.every_frames == 0:
            return None
        if number % settings.moving_every_frames:
            return []
        # A face needs its own size of room, and half of it again around.
        least = settings.smallest_px
        large = [r for r in moving if r[2] - r[0] >= least // 2 and r[3] - r[1] >= least]
        return large + [_widened(track) for track in self.tracks]

    def _remember(self, track: Track, grey: NDArray[np.uint8], time_s: float) -> None:
        self._detected_s[track.number] = time_s
        follower = Follower.of(grey, track.box)
        if follower is not None:
            self._followers[track.number] = follower

    def _follow(self, track: Track, grey: NDArray[np.uint8], time_s: float) -> None:
        follower = self._followers.get(track.number)
        if follower is None or time_s - self._detected_s[track.number] > self._settings.follow_s:
            return
        found = follower.find(grey, track.at(time_s), track.score)
        if found is not None and area(found.box) > 0:
            track.move(found.box, time_s)


def _floats(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(side) for side in box)
    return x0, y0, x1, y1


def _widened(track: Track) -> Region:
    x0, y0, x1, y1 = track.box
    by = 0.5 * max(x1 - x0, y1 - y0)
    return int(x0 - by), int(y0 - by), int(x1 + by), int(y1 + by)
