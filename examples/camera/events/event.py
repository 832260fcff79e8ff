"""One event as a line of JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """Something to tell."""

    what: str
    """`start`, `update`, `end`, `suppressed`, `trouble` or `stop`."""
    frame: int
    time_s: float
    kind: str = ""
    """`motion` or `face`."""
    number: int = 0
    """The track's."""
    box: tuple[float, float, float, float] | None = None
    score: float | None = None
    reason: str = ""
    until: tuple[int, float] | None = None
    """The last frame and its time, where an event stands for several."""

    def line(self, at: str | None = None) -> str:
        """The event as JSON without a newline; `at` is the time of day, where there is one."""
        told: dict[str, object] = {"event": self.what}
        if self.kind:
            told |= {"kind": self.kind, "id": self.number}
        told |= {"frame": self.frame, "time": round(self.time_s, 3)}
        if self.until is not None:
            told |= {"until_frame": self.until[0], "until_time": round(self.until[1], 3)}
        if self.box is not None:
            told["box"] = [round(side) for side in self.box]
        if self.score is not None:
            told["score"] = round(self.score, 4)
        if self.reason:
            told["reason"] = self.reason
        if at is not None:
            told["at"] = at
        # A file name that is no UTF-8 holds half characters, which JSON writes as \uD800 to \uDFFF.
        line = json.dumps(told, ensure_ascii=False)
        return line.encode("utf-8", "backslashreplace").decode("utf-8")
