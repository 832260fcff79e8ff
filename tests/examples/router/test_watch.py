"""Live verdicts: what a packet asks for does not wait for what time has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from router_frames import A4, B4, ethernet, ipv4, tcp, udp

from examples.router.flows import FlowTable
from examples.router.live.watching import BATCH, OVER, Watch, within_ms
from examples.router.packets import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

NS = 1_000_000_000
START = 1_700_000_000 * NS


class Asked:
    """In the judge's place: which rows it was asked for at once."""

    def __init__(self) -> None:
        self.batches: list[list[bool]] = []
        self.passed_ns: list[int] = []

    def __call__(self, due: list[Any]) -> Iterator[Any]:
        self.batches.append([one.ended for one in due])
        return iter(())

    def passed(self, ns: int) -> Iterator[Any]:
        self.passed_ns.append(ns)
        return iter(())

    def end(self) -> Iterator[Any]:
        return iter(())


class Recorded:
    """Frames, and a pause after each of some."""

    def __init__(self, frames: list[Frame], *, every: int, waits: bool = True) -> None:
        self._frames, self._every, self._waits = frames, every, waits

    def frames(self, idle_seconds: float = 1.0) -> Iterator[Frame | None]:
        for number, frame in enumerate(self._frames, 1):
            yield frame
            if number % self._every == 0:
                yield None

    def waits(self) -> bool:
        """Whether the next frame is there: always, or it would be no flood."""
        return self._waits


def frame(time_ns: int, ip: bytes) -> Frame:
    data = ethernet(0x800, ip)
    return Frame(START + time_ns, 1, data, len(data))


def handshakes(number: int) -> list[Frame]:
    """Nobody answers, and three seconds later all are over at once."""
    return [frame(n, ipv4(6, tcp(2), ends=(A4 + 256 * n, B4))) for n in range(number)]


def asked_by(
    frames: list[Frame], *, batch: int, every: int, waits: bool = True
) -> tuple[Watch, list[list[bool]]]:
    judge = Asked()
    watch = Watch(judge, batch=batch, clock=lambda: 0, table="python")
    list(watch.run(Recorded(frames, every=every, waits=waits)))
    return watch, judge.batches


@pytest.mark.parametrize("batch", [1, BATCH])
def test_a_flow_that_goes_on_is_judged_before_thousands_that_are_over(batch: int) -> None:
    talk = [frame(9 * NS + n, ipv4(17, udp(b"x"))) for n in range(8)]
    watch, batches = asked_by([*handshakes(2000), *talk], batch=batch, every=2008)
    over = [ended for part in batches for ended in part]
    assert over.index(False) <= 8 * BATCH  # of 2,000: some for each packet of the talk
    assert len(watch.latencies_ms) == 1
    assert len(over) <= 1 + OVER  # the others wait
    for _ in watch.end():
        pass


def test_where_packets_wait_a_pause_is_short_and_else_everything_is_judged() -> None:
    frames = [*handshakes(2000), frame(9 * NS, ipv4(17, udp()))]
    for waits, judged in ((True, OVER), (False, 2000)):
        _, batches = asked_by(frames, batch=BATCH, every=2001, waits=waits)
        assert sum(map(len, batches)) == judged
        assert max(map(len, batches)) <= OVER


def test_on_a_quiet_line_a_pause_tells_the_judge_the_time() -> None:
    """Or a benign flow's line would wait for the next flow of anybody."""
    judge, quiet = Asked(), frame(0, ipv4(17, udp()))
    steady = iter((5, 7, 60 * NS))
    watch = Watch(judge, steady=lambda: next(steady), table="python")
    list(watch.run(Recorded([quiet, quiet], every=1, waits=False)))
    assert judge.passed_ns == [2, 60 * NS - 7]


def test_all_of_them_are_judged_in_the_end() -> None:
    watch, batches = asked_by(
        [*handshakes(2000), frame(9 * NS, ipv4(17, udp()))], batch=64, every=9
    )
    list(watch.end())
    assert sum(map(len, batches)) == 2001


def test_not_more_than_a_bounded_number_waits() -> None:
    later = frame(9 * NS, ipv4(17, udp()))
    most = FlowTable().most_waiting
    watch, batches = asked_by([*handshakes(most + 1000), later], batch=64, every=10**9)
    assert sum(map(len, batches)) >= 1000
    assert len(watch._ended) <= most


def test_packets_that_wait_for_seconds_are_not_late_for_their_flows() -> None:
    """A program that had no processor for nine seconds, and a ring that has kept all of them."""
    last, others = 9 * NS, ipv4(17, udp(b"x"))
    frames = [
        frame(at, ip)
        for at in range(0, last, NS // 2)
        for ip in (ipv4(6, tcp(2)), others)  # three seconds without a packet end the first one
    ]
    source = Recorded(frames, every=4)
    watch = Watch(Asked(), clock=lambda: START + last, table="python")
    list(watch.run(source))
    assert watch.table.summary()["flows"] == 2
    assert watch.table.counters.clock_steps == 0
    assert len(watch.table) == 2


def test_a_line_that_never_rests_with_packets_that_nobody_reads_does_not_stop_the_time() -> None:
    unread = [frame(at, b"") for at in range(NS, 9 * NS, NS)]
    watch = Watch(Asked(), clock=lambda: START + 9 * NS, table="python")
    list(watch.run(Recorded([frame(0, ipv4(6, tcp(2))), *unread], every=1)))
    assert len(watch.table) == 0


def test_the_part_of_latencies() -> None:
    assert within_ms([], 0.99) == 0.0
    assert within_ms([float(n) for n in range(100)], 0.99) == 99.0
    assert within_ms([3.0, 1.0, 2.0], 0.5) == 2.0
