"""Tracks of one kind: predict, assign, correct.

The filter is the steady state of a Kalman filter with constant speed (the alpha-beta filter), per
side of the box, in plain Python floats: the same on every processor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from examples.camera.tracking.assignment import assign
from examples.camera.tracking.boxes import Box, Sighting, likeness

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from examples.camera.config.schema import TrackSettings

POSITION, SPEED = 0.7, 0.2
"""How much of the surprise goes into the place, and into the speed."""
ALIKE = 0.12
"""Boxes less alike than this are never one object."""


@dataclass
class Track:
    """Something that was seen at least once."""

    number: int
    box: Box
    score: float
    first_s: float
    seen_s: float
    """When it was last seen."""
    frames: int = 1
    """In how many frames it was seen."""
    speed: Box = (0.0, 0.0, 0.0, 0.0)
    """Pixels a second, of each side."""
    best: float = 0.0
    """Its best score."""
    confirmed: bool = False

    def at(self, time_s: float) -> Box:
        """Where it should be; a box seldom moves on for long when it is not seen."""
        ahead = min(time_s - self.seen_s, 1.0)
        x0, y0, x1, y1 = (p + v * ahead for p, v in zip(self.box, self.speed, strict=True))
        return (x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))

    def move(self, box: Box, time_s: float) -> None:
        """Put it where it was found by other means than a sighting: that confirms nothing."""
        self.box, self.seen_s = box, time_s
        self.speed = (0.0, 0.0, 0.0, 0.0)

    def see(self, sighting: Sighting, time_s: float) -> None:
        """Correct place and speed."""
        passed, expected = time_s - self.seen_s, self.at(time_s)
        off = [s - e for s, e in zip(sighting.box, expected, strict=True)]
        x0, y0, x1, y1 = (e + POSITION * o for e, o in zip(expected, off, strict=True))
        self.box = (x0, y0, x1, y1)
        if passed > 0:
            gain = SPEED / passed
            a, b, c, d = (v + gain * o for v, o in zip(self.speed, off, strict=True))
            self.speed = (a, b, c, d)
        self.seen_s, self.score = time_s, sighting.score
        self.best = max(self.best, sighting.score)
        self.frames += 1


class Tracker:
    """The tracks of one kind of thing."""

    def __init__(self, settings: TrackSettings, numbers: Iterator[int]) -> None:
        self._settings = settings
        self._numbers = numbers
        self.tracks: list[Track] = []

    def step(
        self, sightings: Sequence[Sighting], time_s: float, *, may_begin: bool = True
    ) -> list[Track]:
        """Take what was seen at a time; return the tracks that have ended.

        With `may_begin` false only tracks that there are go on.
        """
        likenesses = [[likeness(t.at(time_s), s.box) for s in sightings] for t in self.tracks]
        pairs = assign([[1 - value for value in row] for row in likenesses])
        pairs = [(t, s) for t, s in pairs if likenesses[t][s] >= ALIKE]
        for t, s in pairs:
            self.tracks[t].see(sightings[s], time_s)
        if may_begin:
            taken = {s for _, s in pairs}
            self.tracks += [
                self._begin(one, time_s) for i, one in enumerate(sightings) if i not in taken
            ]
        for track in self.tracks:
            track.confirmed = track.confirmed or self._is_confirmed(track)
        return self._end(time_s)

    def _begin(self, sighting: Sighting, time_s: float) -> Track:
        return Track(next(self._numbers), sighting.box, sighting.score, time_s, time_s,
                     best=sighting.score)  # fmt: skip

    def _is_confirmed(self, track: Track) -> bool:
        settings = self._settings
        return (
            track.frames >= settings.confirm_frames
            and track.seen_s - track.first_s >= settings.confirm_s - 1e-9
        )

    def _end(self, time_s: float) -> list[Track]:
        """Drop what was not seen for too long; what never got confirmed is given less time."""
        ended: list[Track] = []
        kept: list[Track] = []
        for track in self.tracks:
            patience = self._settings.bridge_s if track.confirmed else self._settings.confirm_s
            gone = time_s - track.seen_s > patience
            (ended if gone else kept).append(track)
        self.tracks = kept
        return ended
