"""Nobody can spoil what another host is judged by with packets of his own, in either table."""

from __future__ import annotations

import shutil
import struct
from typing import TYPE_CHECKING

import pytest
from router_frames import A4, B4, icmp, ipv4, tcp, udp

from examples.router.compiled.compiler import build
from examples.router.compiled.table import CompiledTable
from examples.router.features import NAMES
from examples.router.flows import FlowTable
from examples.router.packets import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from examples.router.flows import Table

NS = 1_000_000_000
START = 1_700_000_000 * NS
RAW_IP = 101
HOST, PEER, THIRD = A4, B4, B4 + 1
SYN, SYNACK, PSHACK = 2, 18, 24
REFUSED = NAMES.index("refused")


@pytest.fixture(scope="module", params=["python", "compiled"])
def make(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Table]:
    if request.param == "python":
        return FlowTable
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler: apt install gcc")
    library: Path = build(folder=tmp_path_factory.mktemp("built"))
    return lambda: CompiledTable(library)


def frame(time_s: float, ip: bytes) -> Frame:
    return Frame(START + int(time_s * NS), RAW_IP, ip, len(ip))


def rows_of(table: Table, frames: Sequence[Frame]) -> list[tuple[float, ...]]:
    """Of the flows that `HOST` was seen to open."""
    for one in frames:
        table.add(one)
    table.end()
    own = [due for due in table.due if due.opening == "seen" and due.flow.key[0] == HOST]
    return [tuple(due.row) for due in own]


def connections(number: int) -> list[Frame]:
    """Each of a SYN, its answer and a packet of data."""
    frames = []
    for n in range(number):
        up, down = (50_000 + n, 443), (443, 50_000 + n)
        frames += [
            frame(9 + n, ipv4(6, tcp(SYN, ports=up), ends=(HOST, PEER))),
            frame(9 + n + 0.1, ipv4(6, tcp(SYNACK, ports=down), ends=(PEER, HOST))),
            frame(9 + n + 0.2, ipv4(6, tcp(PSHACK, b"x", ports=up), ends=(HOST, PEER))),
        ]
    return frames


def dns(flags: int) -> bytes:
    return struct.pack(">HHHHHH", 7, flags, 1, 0, 0, 0) + b"\x04name\x04test\0\0\1\0\1"


QUESTION, ANSWER = dns(0x100), dns(0x8180)
PROBES = {
    "syn": (6, lambda up: tcp(SYN, ports=up), lambda down: tcp(SYNACK, ports=down)),
    "fin": (6, lambda up: tcp(1, ports=up), lambda down: tcp(4, ports=down)),
    "empty datagram": (17, lambda up: udp(ports=up), lambda down: udp(ANSWER, ports=down)),
    "datagram": (17, lambda up: udp(b"hello", ports=up), lambda down: udp(ANSWER, ports=down)),
    "question": (17, lambda up: udp(QUESTION, ports=up), lambda down: udp(ANSWER, ports=down)),
}


def error(time_s: float, ports: tuple[int, int], *, to: int) -> Frame:
    """Somebody's word that a packet of `HOST` to `PEER` found no open port."""
    quoted = ipv4(6, tcp(SYN, ports=ports), ends=(HOST, PEER))
    return frame(time_s, ipv4(1, icmp(3, 3, quoted), ends=(PEER, to)))


def test_answers_on_the_ports_of_connections_to_come(make: Callable[[], Table]) -> None:
    """A SYN-ACK for each port that the host may take next: his connections are his own, not those
    of the thousands that he never asked for.
    """
    answers = [
        frame(n / 100, ipv4(6, tcp(SYNACK, ports=(443, 50_000 + n)), ends=(PEER, HOST)))
        for n in range(300)
    ]
    quiet = rows_of(make(), connections(5))
    assert len(quiet) == 5
    assert rows_of(make(), [*answers, *connections(5)]) == quiet


def test_errors_about_connections_that_were_answered(make: Callable[[], Table]) -> None:
    errors = [error(9 + n + 0.5, (50_000 + n, 443), to=HOST) for n in range(5)]
    told = sorted([*connections(5), *errors], key=lambda one: one.timestamp_ns)
    assert rows_of(make(), told) == rows_of(make(), connections(5))


@pytest.mark.parametrize(("to", "share"), [(HOST, 1.0), (THIRD, 0.0)])
def test_errors_sent_to_another_than_who_sent_what_they_quote(
    make: Callable[[], Table], to: int, share: float
) -> None:
    frames = []
    for n in range(3):
        ports = (50_000 + n, 443)
        frames.append(frame(n, ipv4(6, tcp(SYN, ports=ports), ends=(HOST, PEER))))
        frames.append(error(n + 0.1, ports, to=to))
    assert max(row[REFUSED] for row in rows_of(make(), frames)) == share


@pytest.mark.parametrize("kind", PROBES)
def test_a_forged_answer_before_each_probe_does_not_hide_a_scan(
    make: Callable[[], Table], kind: str
) -> None:
    """A friend may send the one who scans what looks like the answer to what he sends next."""
    protocol, probe, answer = PROBES[kind]
    probes, answers = [], []
    for n in range(60):
        up, down = (40_000, 1000 + n), (1000 + n, 40_000)
        ends = (HOST, PEER + n)
        probes.append(frame(n / 10, ipv4(protocol, probe(up), ends=ends)))
        answers.append(frame(n / 10 - 0.05, ipv4(protocol, answer(down), ends=ends[::-1])))
    told = [one for pair in zip(answers, probes, strict=True) for one in pair]
    found = rows_of(make(), told)
    assert len(found) == 60
    assert found == rows_of(make(), probes)


def test_who_asks_on_where_an_answer_came_first_opens_one_flow(make: Callable[[], Table]) -> None:
    """As where a capture begins between a question and its answer."""
    up, down = (40_000, 53), (53, 40_000)
    talk = [
        frame(n, ipv4(17, udp(QUESTION if n % 2 else ANSWER, ports=up if n % 2 else down),
                      ends=(HOST, PEER) if n % 2 else (PEER, HOST)))
        for n in range(9)
    ]  # fmt: skip
    table = make()
    assert len(rows_of(table, talk)) == 2
    assert table.counters.flows == 2
