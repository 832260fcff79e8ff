"""From a source that does not end to verdicts, each within a bounded time of its packet."""

from __future__ import annotations

import time
from collections import Counter, deque
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from examples.router.compiled import open_table
from examples.router.live.garbage import collected_between
from examples.router.packets import Frame
from examples.router.verdicts import is_left_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from examples.router.compiled.choice import Kind
    from examples.router.flows import Due
    from examples.router.flows.due import Block
    from examples.router.judge import Judge, Judged
    from examples.router.verdicts import Verdict

BATCH = 64
"""Rows that are judged at once under load; under less, those of the packets that waited."""

OVER = 16
"""Rows of flows that are over, judged before it is looked whether packets wait: some 0.5 ms."""

LAG_NS = 1_000_000_000
"""Time is told to the table this late: packets that the kernel is about to hand over come first."""

MOST_LATENCIES = 10_000
MOST_SOURCES = 1_000


class Source(Protocol):
    """Where frames come from: an interface, or a kernel's queue."""

    def frames(self, idle_seconds: float = 1.0) -> Iterator[Frame | Block | None]: ...  # noqa: D102
    def waits(self) -> bool: ...  # noqa: D102


def within_ms(latencies: Iterable[float], part: float) -> float:
    """The latency that `part` of them stayed within; 0 where there are none."""
    ordered = sorted(latencies)
    return round(ordered[int(len(ordered) * part)], 3) if ordered else 0.0


class Watch:
    """Feeds a table from a source and judges what is due."""

    def __init__(
        self,
        judge: Judge,
        *,
        batch: int = BATCH,
        clock: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = time.monotonic_ns,
        table: Kind | None = None,
    ) -> None:
        self.table = open_table(table)
        self.table.is_lazy = True
        self.flows = self.malicious = 0
        self.latencies_ms: deque[float] = deque(maxlen=MOST_LATENCIES)
        """Of rows that a packet completed, until the model had judged them."""

        self.wire_ms: deque[float] = deque(maxlen=MOST_LATENCIES)
        """Of the same rows, from the time that the kernel gave their packet: with the wait in the
        ring. Means nothing where a recording is watched."""

        self.ended_ms: deque[float] = deque(maxlen=MOST_LATENCIES)
        """Of flows that time ended, hundreds of them on one whole second, until their verdict."""

        self.last: deque[Verdict] = deque(maxlen=8)
        """Malicious ones, the latest first; of a source that is here no more without reasons."""

        self.sources: Counter[str] = Counter()
        """Malicious flows by source; the quietest are forgotten."""
        self._judge = judge
        self._batch = batch
        self._clock, self._steady = clock, steady
        self._ended: deque[Due] = deque()
        """Rows of flows that are over, which wait: nothing can be done for them any more."""

    def run(self, source: Source) -> Iterator[Judged | None]:
        """Verdicts as they fall, None at each pause of the source; ends where the source does."""
        with collected_between() as collect:
            yield from self._run(source, collect)

    def _run(self, source: Source, collect: Callable[[bool], None]) -> Iterator[Judged | None]:
        table, due, batch = self.table, self.table.due, self._batch
        looked_ns, taken_ns = self._steady(), 0
        for some in source.frames(0.2):
            if isinstance(some, Frame):
                taken_ns = some.timestamp_ns
                table.add(some)
                if len(due) >= batch:
                    yield from self._verdicts()
                continue
            if some is not None:
                taken_ns = some.opened_ns
                for _ in table.take_block(some, batch):
                    yield from self._verdicts()
                continue
            now_ns = self._clock()
            if source.waits():  # seconds of traffic may, where the program had no processor
                now_ns = min(now_ns, taken_ns)
            while table.tick(now_ns - LAG_NS):
                yield from self._verdicts()
            yield from self._verdicts()
            yield from self._judged_ended()
            while self._over and not source.waits():
                yield from self._judged_ended()
            before_ns, looked_ns = looked_ns, self._steady()
            if not self._over:
                yield from self._noted(list(self._judge.passed(looked_ns - before_ns)))
            collect(source.waits())
            yield None

    def end(self) -> Iterator[Judged]:
        """No more frames: every flow ends."""
        timed = self.ended_ms.copy()  # nobody waits for flows that the program's end has ended
        while self.table.end(self.table.most_waiting):
            yield from self._verdicts()
        yield from self._verdicts()
        while self._over:
            yield from self._judged_ended()
        self.ended_ms = timed
        yield from self._noted(list(self._judge.end()))

    def _verdicts(self) -> Iterator[Judged]:
        """What packets ask for; what time ended has to wait."""
        due, batch = self.table.due, self._batch
        asked = [one for one in due if not one.ended]
        self._ended.extend(one for one in due if one.ended)
        due.clear()
        for start in range(0, len(asked), batch):
            part = asked[start : start + batch]
            found = list(self._judge(part))
            now, told = perf_counter(), time.time_ns()
            self.wire_ms.extend((told - one.last_ns) / 1e6 for one in part)
            self.latencies_ms.extend((now - one.asked) * 1000.0 for one in part)
            yield from self._noted(found)
        while self._over > self.table.most_waiting:
            yield from self._judged_ended()

    @property
    def _over(self) -> int:
        """Rows of flows that are over and wait."""
        return len(self._ended) + self.table.late_rows

    def _judged_ended(self) -> Iterator[Judged]:
        ended, table = self._ended, self.table
        if not ended:
            table.late(OVER)
            ended.extend(table.due)
            table.due.clear()
        if not ended:
            return
        found = list(self._judge([ended.popleft() for _ in range(min(len(ended), OVER))]))
        self.ended_ms.extend(one.verdict.latency_ms for one in found if one.ended)
        yield from self._noted(found)

    def _noted(self, found: list[Judged]) -> Iterator[Judged]:
        for judged in found:
            self._note(judged)
            yield judged

    def _note(self, judged: Judged) -> None:
        verdict = judged.verdict
        if judged.ended:
            self.flows += 1
        if verdict.verdict != "malicious":
            return
        self.malicious += judged.final
        if (not judged.ended or verdict not in self.last) and self._says_more(verdict):
            self.last.appendleft(verdict)
        if judged.final and verdict.opening != "unknown":
            self.sources[verdict.source] += 1
            if len(self.sources) > MOST_SOURCES:
                self.sources = Counter(dict(self.sources.most_common(MOST_SOURCES // 2)))

    def _says_more(self, verdict: Verdict) -> bool:
        """Whether it has reasons, or its source is not among the last: a scan would fill them."""
        if not is_left_out(verdict.why):
            return True
        return all(one.source != verdict.source for one in self.last)
