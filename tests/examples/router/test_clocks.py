"""A host's clock that is set by years while `watch` runs, and what it may not spoil."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from router_frames import A4, B4, ethernet, ipv4, tcp, udp

from examples.router.bundles import open_judge
from examples.router.caught import WINDOW_NS
from examples.router.compiled.compiler import build
from examples.router.compiled.table import CompiledTable
from examples.router.flows import FlowTable
from examples.router.flows.flow import DATAGRAMS_NS
from examples.router.live import watching
from examples.router.packets import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from examples.router.flows import Table

NS = 1_000_000_000
START = 1_700_000_000 * NS
QUIET = A4 + 20, B4 + 20
YEAR_NS = 31_557_600 * NS


@pytest.fixture(params=["python", "compiled"])
def open_table(request: pytest.FixtureRequest, library: Path) -> Callable[[], Table]:
    return FlowTable if request.param == "python" else lambda: CompiledTable(library)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler: apt install gcc")
    return build(folder=tmp_path_factory.mktemp("built"))


def frame(seconds: float, ip: bytes) -> Frame:
    data = ethernet(0x800, ip)
    return Frame(START + round(seconds * NS), 1, data, len(data))


def ended(table: Table) -> list[int]:
    """Ports of the flows that ended, of which the next call knows nothing."""
    found = [one.flow.key[2] for one in table.due if one.ended]
    table.due.clear()
    return found


@pytest.mark.parametrize("years", [10, 200])
@pytest.mark.parametrize("before", [0, 1])
def test_flows_still_end_when_a_clock_ahead_was_told_on_a_quiet_line_and_set_back(
    before: int, years: int, open_table: Callable[[], Table]
) -> None:
    table = open_table()
    table.add(frame(0, ipv4(6, tcp(2, ports=(1, 80)))))
    if not before:
        table.end()
    table.tick(START + years * YEAR_NS)
    ended(table)
    table.add(frame(10, ipv4(6, tcp(2, ports=(2, 80)))))
    ended(table)
    for second in range(11, 140):
        table.tick(START + second * NS)
    table.add(frame(140, ipv4(6, tcp(2, ports=(3, 80)))))
    assert ended(table) == [2]


class Scripted:
    """Frames and pauses as a test has them, on a line where none waits."""

    def __init__(self, some: Iterator[Frame | None]) -> None:
        self._some = some

    def frames(self, idle_seconds: float = 1.0) -> Iterator[Frame | None]:
        return self._some

    def waits(self) -> bool:
        return False


@pytest.mark.parametrize("years", [10, -10, 200])
@pytest.mark.parametrize("is_quiet", [True, False])
def test_a_clock_that_is_set_and_set_back_holds_no_line_up_and_catches_nobody_for_ever(
    is_quiet: bool,
    years: int,
    open_table: Callable[[], Table],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "open_table", lambda _: open_table())
    second, step = 0, 0

    def source() -> Iterator[Frame | None]:
        nonlocal second, step
        for second in range(300):
            step = years * YEAR_NS // NS if 60 <= second < 70 else 0
            at = second + step
            if second in (1, 100, 140) or (second % 60 == 5 and not is_quiet):
                yield frame(at, ipv4(17, udp(b"x", ports=(2000 + second, 9999)), ends=QUIET))
            if 40 <= second < 56:  # a scan
                for port in range(40):
                    ends = (A4 + 5, B4)
                    yield frame(at, ipv4(6, tcp(2, ports=(port, 1000 + 40 * second)), ends=ends))
            yield None

    watch = watching.Watch(
        open_judge(None, trust=None, engine="native"),
        clock=lambda: START + (second + step) * NS,
        steady=lambda: second * NS,
    )
    told = {}
    for judged in watch.run(Scripted(source())):
        if judged is not None and judged.final:
            told[judged.verdict.flow[2]] = second
    usual = (DATAGRAMS_NS + WINDOW_NS) // NS
    for port in (2100, 2140):
        assert usual <= told[port] - (port - 2000) <= usual + 5
    assert watch.malicious > 500
