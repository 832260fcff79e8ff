"""Sources that were caught: what several of a source's flows show counts for its others too.

A guesser's first tries look like anybody's failed logins until there are many of them. When some
flows of a source have been called malicious, the flows that it had just before, and those that it
has meanwhile, are called so as well. Only the model's own verdicts catch a source, and only flows
that it was seen to open.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from examples.router.verdicts import Verdict

STRIKES = 14
"""Flows of a source that the model itself calls malicious within the window: it is caught."""

AMONG = 20
"""The strikes have to be among so many of the source's latest flows, most of them: a poller with
every other flow a false alarm is not caught."""

WINDOW_NS = 60_000_000_000
"""So long a strike counts, and so long a flow that is over waits for its source to be caught."""

MOST_SOURCES = 512
MOST_WAITING = 2048
"""Bounds on memory, 3 MB together: sources with strikes, and verdicts that wait. The oldest go
first."""


class Caught:
    """Strikes of sources, and the benign verdicts of flows that are over, for a window's time.

    Times are nanoseconds of one clock that does not go back.
    """

    def __init__(self) -> None:
        self._sources: OrderedDict[int, _Source] = OrderedDict()
        self._queue: deque[_Waiting] = deque()
        self._of_source: dict[int, deque[_Waiting]] = {}

    def __len__(self) -> int:
        return len(self._queue)

    def strike(self, source: int, flow: Hashable, now_ns: int) -> Iterator[Verdict]:
        """The model calls a flow malicious: the verdicts that are no longer benign with it.

        What `over(now_ns)` gives was taken before.
        """
        known = self._sources.setdefault(source, _Source())
        self._sources.move_to_end(source)
        if len(self._sources) > MOST_SOURCES:
            self._sources.popitem(last=False)
        strikes = known.strikes
        strikes.pop(flow, None)
        strikes[flow] = now_ns, known.benign
        if len(strikes) > STRIKES:
            del strikes[next(iter(strikes))]
        if source in self._of_source and self.holds(source, now_ns):
            for one in self._of_source.pop(source):
                verdict, one.verdict = one.verdict, None
                assert verdict is not None
                yield verdict

    def benign(self, source: int) -> None:
        """A flow of the source is over, and the model never called it malicious."""
        known = self._sources.get(source)
        if known is not None:
            known.benign += 1

    def holds(self, source: int, now_ns: int) -> bool:
        """Whether a source is caught now."""
        known = self._sources.get(source)
        if known is None or len(known.strikes) < STRIKES:
            return False
        since_ns, benign = next(iter(known.strikes.values()))
        return now_ns - since_ns <= WINDOW_NS and known.benign - benign <= AMONG - STRIKES

    def wait(self, source: int, verdict: Verdict, now_ns: int) -> None:
        """A flow is over and benign, for the time being."""
        one = _Waiting(source, verdict, now_ns)
        self._queue.append(one)
        self._of_source.setdefault(source, deque()).append(one)

    def is_over(self, now_ns: int) -> bool:
        """Whether a verdict has waited long enough, or too many wait."""
        queue = self._queue
        if not queue:
            return False
        return now_ns - queue[0].since_ns > WINDOW_NS or len(queue) > MOST_WAITING

    def over(self, now_ns: int) -> Iterator[Verdict]:
        """The verdicts that have waited long enough, or longest of too many."""
        while self.is_over(now_ns):
            yield from self._first()

    def end(self) -> Iterator[Verdict]:
        """Nothing more comes: all that wait are benign. Strikes are forgotten."""
        while self._queue:
            yield from self._first()
        self._sources.clear()

    def _first(self) -> Iterator[Verdict]:
        one = self._queue.popleft()
        if one.verdict is None:
            return
        own = self._of_source[one.source]
        own.popleft()
        if not own:
            del self._of_source[one.source]
        yield one.verdict


class _Source:
    """The latest strikes of a source, and how many of its flows were benign since the first."""

    __slots__ = ("benign", "strikes")

    def __init__(self) -> None:
        self.strikes: dict[Hashable, tuple[int, int]] = {}
        """Of each flow, the oldest first: when, and how many benign ones there were before."""

        self.benign = 0


class _Waiting:
    """A verdict in the queue, None where its source was caught meanwhile."""

    __slots__ = ("since_ns", "source", "verdict")

    def __init__(self, source: int, verdict: Verdict, since_ns: int) -> None:
        self.source, self.since_ns = source, since_ns
        self.verdict: Verdict | None = verdict
