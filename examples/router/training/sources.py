"""A source that is caught, as `caught.py` says, for every operating point at once.

Whether a flow is called malicious because of its source depends on the operating point alone, and
on nothing but whether a score is over it: so each flow has one score from which on it is not.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from examples.router.caught import AMONG, STRIKES, WINDOW_NS
from examples.router.training.metrics import flow_scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from examples.router.training.dataset import Rows

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Event = tuple[int, int, float, bool]
    """Of a row: the clock, its flow, its score (the flow's where it is over), whether it is."""


def scores_with_sources(
    rows: Rows,
    scores: Floats,
    *,
    strikes: int = STRIKES,
    window_ns: int = WINDOW_NS,
    among: int = AMONG,
) -> Floats:
    """`(flows,)` the operating point up to which each flow is called malicious.

    Its own highest score, or what its source is caught at while its verdict waits.

    Args:
        rows: all rows of whole captures, in the order of judging.
        scores: `(n,)` the model's score of each.
        strikes: what it takes to catch a source; the judge's own, but where others are compared.
        window_ns: the same.
        among: the same.
    """
    own = flow_scores(rows, scores)
    found = own.copy()
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
            until = np.searchsorted(clock_ns, clock_ns + window_ns, side="right")
            is_last = last[rows.flow[part]] == part
            said = np.where(is_last, own[rows.flow[part]], scores[part])
            events = zip(
                clock_ns.tolist(), rows.flow[part].tolist(), said.tolist(), is_last, strict=True
            )
            levels = np.array(list(_caught_at(events, strikes, window_ns, among)))
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


def _caught_at(
    events: Iterable[Event], strikes: int, window_ns: int, among: int
) -> Iterator[float]:
    """Of each row of one source the operating point up to which it is caught; -1 where at none.

    At a point it is caught while, of its latest flows, `strikes` are over the point before more
    than `among - strikes` are over and under it.
    """
    recent: deque[Event] = deque()
    for event in events:
        recent.appendleft(event)
        while event[0] - recent[-1][0] > window_ns:
            recent.pop()
        if len(recent) > 4 * among:
            recent = _needed(recent, strikes, among)
        yield _highest(recent, strikes, among)


def _highest(recent: Iterable[Event], strikes: int, among: int) -> float:
    """The highest operating point at which these, the latest first, catch their source."""
    points = sorted({said for _, _, said, _ in recent})
    low, high = -1, len(points) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if _catches(recent, points[middle], strikes, among):
            low = middle
        else:
            high = middle - 1
    return points[low] if low >= 0 else -1.0


def _catches(recent: Iterable[Event], point: float, strikes: int, among: int) -> bool:
    struck: set[int] = set()
    benign = 0
    for _, flow, said, is_over in recent:
        if said >= point:
            struck.add(flow)
            if len(struck) >= strikes:
                return True
        elif is_over:
            benign += 1
            if benign > among - strikes:
                return False
    return False


def _needed(recent: Iterable[Event], strikes: int, among: int) -> deque[Event]:
    """Without what no longer counts at any point.

    After `among` flows that are over, a source is caught by them or is not; and a row that does
    not end its flow counts no more after `strikes` others that were at least as high.
    """
    kept: deque[Event] = deque()
    over = 0
    for event in recent:
        _, _, said, is_over = event
        if over >= among:
            break
        over += is_over
        if is_over or len({one for _, one, high, _ in kept if high >= said}) < strikes:
            kept.append(event)
    return kept
