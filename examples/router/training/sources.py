"""A source that is caught, as `caught.py` says, for every operating point at once.

Whether a flow is called malicious because of its source depends on the operating point alone, and
on nothing but whether a score is over it: so each flow has one score from which on it is not.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from examples.router.caught import STRIKES, WINDOW_NS
from examples.router.training.metrics import flow_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examples.router.training.dataset import Rows

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def scores_with_sources(
    rows: Rows, scores: Floats, *, strikes: int = STRIKES, window_ns: int = WINDOW_NS
) -> Floats:
    """`(flows,)` the operating point up to which each flow is called malicious.

    Its own highest score, or what its source is caught at while its verdict waits.

    Args:
        rows: all rows of whole captures, in the order of judging.
        scores: `(n,)` the model's score of each.
        strikes: what it takes to catch a source; the judge's own, but where others are compared.
        window_ns: the same.
    """
    found = flow_scores(rows, scores)
    told = rows.told
    if told is None:
        return found
    last = np.zeros(len(found), dtype=np.int64)
    last[rows.flow] = np.arange(len(rows.flow))  # of a flow's rows the latest stays
    order = np.argsort(told.source, kind="stable")
    order = order[told.seen[order]]
    for part in np.split(order, np.flatnonzero(np.diff(told.source[order])) + 1):
        if len(part):
            clock_ns = told.clock_ns[part]
            levels = _caught_at(rows.flow[part], clock_ns, scores[part], strikes, window_ns)
            until = np.searchsorted(clock_ns, clock_ns + window_ns, side="right")
            is_last = last[rows.flow[part]] == part
            _raise(found, rows.flow[part], levels, until, is_last)
    return found


def _raise(
    found: Floats, flow: Ints, levels: Floats, until: Ints, is_last: NDArray[np.bool_]
) -> None:
    """Raise the scores of a source's flows to the highest level while each one waits.

    Of `(rows,)`: the flow, the level, the row before which its flow stops to wait, and whether it
    is the flow's last.
    """
    highest: deque[int] = deque()  # rows to come, the highest level first
    upcoming = 0
    for at, stop in enumerate(until):
        for row in range(upcoming, stop):
            while highest and levels[highest[-1]] <= levels[row]:
                highest.pop()
            highest.append(row)
        upcoming = max(upcoming, stop)
        while highest[0] < at:
            highest.popleft()
        if is_last[at]:
            found[flow[at]] = max(found[flow[at]], levels[highest[0]])


def _caught_at(flow: Ints, clock_ns: Ints, scores: Floats, strikes: int, window_ns: int) -> Floats:
    """`(rows,)` the operating point up to which one source is caught at each of its rows.

    It is the lowest of the `strikes` highest flows of the window; -1 where there are fewer.
    """
    levels = np.full(len(flow), -1.0)
    recent: list[tuple[int, int, float]] = []
    for at, (now, one, score) in enumerate(zip(clock_ns, flow, scores, strict=True)):
        recent = [
            row for row in recent
            if now - row[0] <= window_ns and not (row[1] == one and row[2] <= score)
        ]  # fmt: skip
        recent.append((now, one, score))
        if len(recent) > 8 * strikes:
            recent = _needed(recent, strikes)
        best: dict[int, float] = {}
        for _, other, high in recent:
            best[other] = max(best.get(other, high), high)
        if len(best) >= strikes:
            levels[at] = sorted(best.values())[-strikes]
    return levels


def _needed(recent: list[tuple[int, int, float]], strikes: int) -> list[tuple[int, int, float]]:
    """Without rows after which `strikes` other flows were at least as high: they count no more."""
    kept: list[tuple[int, int, float]] = []
    for row in reversed(recent):
        if len({other for _, other, high in kept if high >= row[2]}) < strikes:
            kept.append(row)
    return kept[::-1]
