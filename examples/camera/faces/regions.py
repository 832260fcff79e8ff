"""Where to search: boxes that overlap become one, so that no place is searched twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Region = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels; x1 and y1 are the first outside."""


def merged(regions: Sequence[Region], width: int, height: int, *, margin: int) -> list[Region]:
    """The regions, each grown by `margin`, cut to the frame, and joined where they meet."""
    grown = [
        (
            max(int(x0) - margin, 0),
            max(int(y0) - margin, 0),
            min(int(x1) + margin, width),
            min(int(y1) + margin, height),
        )
        for x0, y0, x1, y1 in regions
    ]
    waiting = [one for one in grown if one[0] < one[2] and one[1] < one[3]]
    done: list[Region] = []
    while waiting:
        one = waiting.pop()
        meets = [other for other in waiting + done if _meet(one, other)]
        if not meets:
            done.append(one)
            continue
        waiting = [other for other in waiting if other not in meets]
        done = [other for other in done if other not in meets]
        waiting.append(_hull([one, *meets]))
    return sorted(done)


def _meet(a: Region, b: Region) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _hull(boxes: list[Region]) -> Region:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)
