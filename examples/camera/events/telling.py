"""From tracks to events: when one starts, what is new of it, when it ends, what was held back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.camera.events.event import Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples.camera.tracking import Track


class Telling:
    """The events of one kind of track."""

    def __init__(self, kind: str, *, update_s: float) -> None:
        self._kind = kind
        self._update_s = update_s
        self._told_s: dict[int, float] = {}
        """When each open event was last told of."""

    def step(
        self, tracks: Sequence[Track], ended: Sequence[Track], frame: int, time_s: float
    ) -> list[Event]:
        """Events of this frame. A track that was never confirmed was not worth one."""
        events = [
            self._event("end", track, frame, time_s)
            for track in ended
            if self._told_s.pop(track.number, None) is not None
        ]
        for track in tracks:
            if track.confirmed and track.number not in self._told_s:
                events.append(self._event("start", track, frame, time_s))
                self._told_s[track.number] = time_s
            elif self._is_due(track, time_s):
                events.append(self._event("update", track, frame, time_s))
                self._told_s[track.number] = time_s
        return events

    def close(self, tracks: Sequence[Track], frame: int, time_s: float) -> list[Event]:
        """End what is still open: no start is left without its end."""
        open_ones = [t for t in tracks if self._told_s.pop(t.number, None) is not None]
        return [self._event("end", track, frame, time_s, "stop") for track in open_ones]

    def _is_due(self, track: Track, time_s: float) -> bool:
        told_s = self._told_s.get(track.number)
        seen_now = track.seen_s == time_s
        return told_s is not None and seen_now and 0 < self._update_s <= time_s - told_s + 1e-9

    def _event(self, what: str, track: Track, frame: int, time_s: float, reason: str = "") -> Event:
        score = track.best if what == "end" else track.score
        return Event(what, frame, time_s, self._kind, track.number, track.box, score, reason)


class Suppressed:
    """Frames that were held back, a line for each run of frames with one reason."""

    def __init__(self) -> None:
        self._open: Event | None = None

    def step(self, reason: str | None, frame: int, time_s: float) -> list[Event]:
        """Note why this frame was held back, or that it was not; return a run that has ended."""
        before = self._open
        if before is not None and reason == before.reason:
            self._open = Event(
                "suppressed", before.frame, before.time_s, reason=before.reason,
                until=(frame, time_s),
            )  # fmt: skip
            return []
        self._open = None
        if reason is not None:
            self._open = Event("suppressed", frame, time_s, reason=reason, until=(frame, time_s))
        return [] if before is None else [before]

    def close(self) -> list[Event]:
        """The run that is open."""
        return self.step(None, 0, 0.0)
