"""What could not be read, counted by cause: hostile bytes are a number, never an exception."""

from __future__ import annotations

MOST_CAUSES = 256
"""Causes that carry a number from the wire (an EtherType) are bounded by it."""


class Problems:
    """Counts by cause. What comes after `MOST_CAUSES` different ones is counted together."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, cause: str, number: int = 1) -> None:
        """One more of `cause`."""
        counts = self._counts
        if cause not in counts and len(counts) >= MOST_CAUSES:
            cause = "other causes"
        counts[cause] = counts.get(cause, 0) + number

    def total(self) -> int:
        """All of them."""
        return sum(self._counts.values())

    def as_dict(self) -> dict[str, int]:
        """By cause, the most frequent first."""
        return dict(sorted(self._counts.items(), key=lambda item: (-item[1], item[0])))
