"""The compiled flow table gives the rows of the one in Python, to the bit, whatever comes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from both_tables import NS, START, check_same, hostile, scenes, seen
from router_frames import A4, B4, enhanced, interface, ipv4, ipv6, pcap, section, tcp, udp

from examples.router.compiled.compiler import FLAGS, SOURCES, build
from examples.router.compiled.table import CompiledTable
from examples.router.flows import FlowTable
from examples.router.packets import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.router.flows import Table

ROOT = Path(__file__).parents[4]
DATA = Path(os.environ.get("EDGE_INFER_DATA", ROOT / "../shared/data")) / "packets"

pytestmark = pytest.mark.skipif(
    shutil.which("cc") is None, reason="needs a C compiler: apt install gcc"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(folder=tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def traffic() -> list[Frame]:
    return scenes(3)


@pytest.mark.parametrize(
    "sizes", [{}, {"capacity": 64, "hosts": 16}, {"capacity": 1, "hosts": 1}], ids=str
)
def test_ordinary_and_hostile_traffic(
    library: Path, traffic: list[Frame], sizes: dict[str, int]
) -> None:
    rows, summary, _ = check_same(library, traffic, **sizes)
    assert len(rows) > 1500
    assert bool(summary["evicted"]) == bool(sizes)


def test_files_of_every_layout(library: Path, traffic: list[Frame], tmp_path: Path) -> None:
    frames = [(one.timestamp_ns, bytes(one.captured)) for one in traffic[:3000]]
    blocks = [enhanced("<", data, units=time // 1000) for time, data in frames]
    files = {
        "little": pcap(frames),
        "big": pcap(frames, order=">"),
        "nano": pcap(frames, nano=True),
        "big-nano": pcap(frames, nano=True, order=">"),
        "cooked": pcap([(at, bytes(14) + data[12:]) for at, data in frames], linktype=113),
        "raw": pcap([(at, data[14:]) for at, data in frames], linktype=101),
        "cut": pcap(frames)[:-7],
        "cut-in-a-header": pcap(frames) + bytes(9),
        "lies": pcap(frames) + b"\xff" * 30,
        "empty": pcap([]),
        "no-header": pcap([])[:20],
        "ng": section() + interface() + b"".join(blocks),
    }
    for name, data in files.items():
        path = tmp_path / name
        path.write_bytes(data)
        wanted = seen(FlowTable(), lambda table, path=path: table.take_file(path, 256))
        found = seen(CompiledTable(library), lambda table, path=path: table.take_file(path, 7))
        assert found == wanted, name


@pytest.mark.parametrize("seed", range(3))
def test_broken_frames_fragments_and_clocks_that_jump(library: Path, seed: int) -> None:
    check_same(library, list(hostile(Random(seed), 6000)), capacity=200, hosts=4)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(100, 140))
def test_broken_frames_of_many_seeds(library: Path, seed: int) -> None:
    chance = Random(seed)
    sizes = {"capacity": chance.choice((1, 3, 64, 1000)), "hosts": chance.choice((1, 2, 16, 300))}
    check_same(library, list(hostile(chance, 20_000)), **sizes)


def test_fragments_of_more_datagrams_than_are_remembered(library: Path) -> None:
    frames, chance = [], Random(8)
    for _ in range(6000):
        number = chance.choice((chance.randrange(1100), chance.randrange(60_000)))
        body = udp(bytes(8), (number % 7, 53))
        data = ipv4(17, body, fragment=chance.choice((0x2000, 1)), identification=number)
        frames.append(Frame(START + len(frames), 101, data, len(data)))
    check_same(library, frames)


def test_an_address_of_either_family_is_a_host_of_its_own(library: Path) -> None:
    """Whoever writes ::a.b.c.d as his own would be a.b.c.d, and spoil what it is judged by."""
    quiet = [
        Frame(START + 9 * NS + n, 101, ipv4(6, tcp(2, ports=(50_000 + n, 443))), 40)
        for n in range(3)
    ]
    own, other = A4.to_bytes(16, "big"), B4.to_bytes(16, "big")
    spoilt = [
        Frame(START + n * NS // 50, 101, ipv6(6, tcp(2, ports=(40_000, n + 1)), ends=ends), 60)
        for n in range(200)
        for ends in (own + other, other + own, bytes([128]) + own[1:] + other)
    ]
    alone, _, _ = check_same(library, quiet)
    both, _, _ = check_same(library, [*spoilt, *quiet])
    wanted = [row for row in both if row[0][4] == 6]
    assert [row[:3] for row in alone] == [row[:3] for row in wanted]


def test_a_live_table_is_told_the_time_alike(library: Path, traffic: list[Frame]) -> None:
    def feed(table: Table) -> Iterator[None]:
        chance = Random(5)
        for one in traffic[:4000]:
            table.add(one._replace(captured=memoryview(one.captured)))
            table.tick(one.timestamp_ns - chance.randrange(2 * NS))
            yield

    wanted, found = seen(FlowTable(), feed), seen(CompiledTable(library), feed)
    assert found == wanted
    table = CompiledTable(library)
    table.add(traffic[0])
    assert (len(table), asdict(table.counters)["flows"]) == (1, 1)


@pytest.mark.parametrize("seed", range(3))
def test_sources_over_many_periods_of_either_window(library: Path, seed: int) -> None:
    """Hosts that come back after seconds, minutes and hours, and some that were seen once."""
    chance, now, frames = Random(seed), START, []
    for _ in range(3000):
        now += chance.choice((NS // 9, NS, 7 * NS, 21 * NS, 40 * NS, 100 * NS, 310 * NS, 900 * NS))
        source = A4 + 256 * chance.choice((1, 2, 3, 4, chance.randrange(5, 4000)))
        ports = chance.randrange(1000, 1004), chance.choice((80, 443, 53))
        ip = chance.choice((
            ipv4(6, tcp(chance.choice((2, 2, 18, 4, 17)), b"", ports), ends=(source, B4)),
            ipv4(17, udp(b"x", ports), ends=(source, B4)),
            ipv4(6, tcp(18, b"", ports[::-1]), ends=(B4, source)),
        ))  # fmt: skip
        data = bytes(12) + b"\x08\x00" + ip
        frames.append(Frame(now, 1, data, len(data)))
    check_same(library, frames)
    check_same(library, frames, capacity=64, hosts=16)


def test_rows_that_a_lazy_table_leaves_for_later_are_the_same_rows(
    library: Path, traffic: list[Frame]
) -> None:
    def feed(table: Table) -> Iterator[None]:
        for one in traffic:
            table.add(one)
            yield
        table.tick(traffic[-1].timestamp_ns + 200 * NS)
        while table.end(1000):
            yield
        while table.late_rows:
            before = table.late_rows, len(table.due)
            table.late(7)
            assert len(table.due) - before[1] == before[0] - table.late_rows <= 7
            yield

    lazy = CompiledTable(library)
    lazy.is_lazy = True
    wanted, found = seen(CompiledTable(library), feed), seen(lazy, feed)
    assert sorted(found[0]) == sorted(wanted[0])
    assert found[0] != wanted[0]
    assert [one for one in found[0] if not one[3]] == [one for one in wanted[0] if not one[3]]
    assert found[1:] == wanted[1:]


@pytest.mark.deep
@pytest.mark.skipif(not DATA.is_dir(), reason="needs the recordings: EDGE_INFER_DATA")
def test_every_recording(library: Path) -> None:
    files = sorted(DATA.glob("*/*.pcap*"))
    assert files
    for path in files:
        wanted = seen(FlowTable(), lambda table, path=path: table.take_file(path, 256))
        found = seen(CompiledTable(library), lambda table, path=path: table.take_file(path, 256))
        assert found == wanted, path.name


@pytest.mark.deep
def test_no_byte_is_read_beyond_and_nothing_is_undefined(tmp_path: Path) -> None:
    """Under the sanitizers of addresses and of undefined behaviour, in a process of its own."""
    runtime = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=False
    ).stdout.strip()  # fmt: skip
    if not Path(runtime).is_absolute():
        pytest.skip("needs gcc with its sanitizers: apt install gcc")
    path = tmp_path / "flows.so"
    sources = [str(one) for one in SOURCES]
    checked = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"]
    strict = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
    subprocess.run(["gcc", *FLAGS, *strict, *checked, "-o", str(path), *sources], check=True)
    program = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path; from random import Random; import both_tables as t\n"
        "for seed in range(6):\n"
        "    t.check_same(Path(sys.argv[1]), list(t.hostile(Random(seed), 6000)),"
        " capacity=64, hosts=8)\n"
        "t.check_same(Path(sys.argv[1]), t.scenes(3))\n"
        "import test_ring_blocks as ring\n"
        "for seed in range(3):\n"
        "    ring.test_blocks_that_lie_are_read_alike_and_within_their_bounds("
        "Path(sys.argv[1]), seed)\n"
        "print('clean')"
    )
    places = [str(ROOT), str(Path(__file__).parent), str(Path(__file__).parents[1])]
    done = subprocess.run(
        [sys.executable, "-c", program, str(path), *places],
        env={**os.environ, "LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "clean\n", done.stderr
