"""Blocks of the kernel's ring: either table takes what is in them, and nothing beyond."""

from __future__ import annotations

import mmap
import shutil
import struct
from random import Random
from typing import TYPE_CHECKING

import pytest
from both_tables import NS, START, hostile, scenes, seen
from router_frames import A4, B4, ethernet, ipv4, tcp, udp

from examples.router.compiled.compiler import build
from examples.router.compiled.table import CompiledTable
from examples.router.flows import FlowTable
from examples.router.live.ring import BLOCK_BYTES, Block, block_of, is_ready
from examples.router.packets import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from examples.router.flows import Table

HEADER, DATA_AT = 48, 82
"""Where the first packet is in a block, and its bytes behind its own header, as Linux does it."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler: apt install gcc")
    return build(folder=tmp_path_factory.mktemp("built"))


def blocks_of(frames: list[Frame]) -> list[Block]:
    """As the kernel would fill them."""
    parts: list[list[bytes]] = [[]]
    used = HEADER
    for one in frames:
        data = bytes(one.captured)[:4000]
        step = (DATA_AT + len(data) + 15) // 16 * 16
        if used + step > BLOCK_BYTES:
            parts.append([])
            used = HEADER
        seconds, nanos = divmod(one.timestamp_ns, 10**9)
        head = struct.pack(
            "=IIIIIIHH", step, seconds, nanos, len(data), len(data), 1, DATA_AT, DATA_AT
        )
        parts[-1].append((head.ljust(DATA_AT, b"\0") + data).ljust(step, b"\0"))
        used += step
    memory = mmap.mmap(-1, BLOCK_BYTES * len(parts))
    for number, packets in enumerate(parts):
        if packets:  # the last one leads nowhere
            packets[-1] = bytes(4) + packets[-1][4:]
        start = number * BLOCK_BYTES
        struct.pack_into("=IIIII", memory, start, 1, 0, 1, len(packets), HEADER)
        memory[start + HEADER : start + HEADER + sum(map(len, packets))] = b"".join(packets)
    return [block_of(memory, number, 1) for number in range(len(parts))]


def check_same(library: Path, blocks: list[Block], batch: int) -> int:
    def feed(table: Table) -> Iterator[None]:
        for block in blocks:
            yield from table.take_block(block, batch)

    wanted = seen(FlowTable(), feed)
    assert seen(CompiledTable(library), feed) == wanted
    return len(wanted[0])


@pytest.mark.parametrize("batch", [1, 64])
def test_ordinary_traffic_in_blocks(library: Path, batch: int) -> None:
    blocks = blocks_of(scenes(3))
    assert len(blocks) > 5
    assert all(is_ready(block.ring, 0) for block in blocks)
    assert check_same(library, blocks, batch) > 1500


def test_the_frames_are_those_that_were_put_in() -> None:
    frames = [one for one in scenes(3) if len(one.captured) <= 4000]
    found = [frame for block in blocks_of(frames) for frame in block.frames()]
    assert [(one.timestamp_ns, one.captured) for one in found] == [
        (one.timestamp_ns, bytes(one.captured)) for one in frames
    ]


@pytest.mark.parametrize("seed", range(3))
def test_blocks_that_lie_are_read_alike_and_within_their_bounds(library: Path, seed: int) -> None:
    chance = Random(seed)
    frames = [
        one for one in hostile(chance, 3000) if one.linktype == 1 and one.timestamp_ns < 1 << 61
    ]
    blocks = blocks_of(frames)
    memory = blocks[0].ring
    for block in blocks:
        for _ in range(6):
            at = block.start + HEADER + chance.randrange(BLOCK_BYTES - HEADER - 4)
            memory[at : at + 4] = chance.choice(
                (b"\xff\xff\xff\xff", bytes(4), chance.randbytes(4))
            )
    most = [block._replace(number=0xFFFF, first=chance.randrange(100)) for block in blocks]
    check_same(library, blocks, 64)
    check_same(library, most, 64)
    check_same(library, [blocks[-1]._replace(first=BLOCK_BYTES - 31)], 64)


@pytest.mark.parametrize("kind", ["python", "compiled"])
def test_what_one_packet_ends_comes_in_parts_and_is_the_same(kind: str, library: Path) -> None:
    """A flood stops: thousands of flows end at once, and their rows must not lie there at once."""
    flood = [
        Frame(START + n * 1000, 1, ethernet(0x800, ipv4(6, tcp(2), ends=(A4 + 256 * n, B4))), 54)
        for n in range(6000)
    ]
    others = [
        Frame(START + 9 * NS + n, 1, ethernet(0x800, ipv4(17, udp(), ends=(A4 + n, B4))), 42)
        for n in range(20)
    ]
    blocks = blocks_of([*flood, *others])

    def feed(table: Table) -> Iterator[None]:
        for block in blocks:
            for _ in table.take_block(block, 64):
                assert len(table.due) + table.late_rows <= most
                while table.late_rows:
                    table.late(1000)
                yield

    most = 6100
    wanted = seen(FlowTable(), feed)
    table: Table = FlowTable() if kind == "python" else CompiledTable(library)
    table.is_lazy = True
    most = 1200
    found = seen(table, feed)
    assert len(wanted[0]) == 6020
    assert sorted(found[0]) == sorted(wanted[0])
    assert found[1:] == wanted[1:]


@pytest.mark.parametrize("kind", ["python", "compiled"])
def test_what_the_time_alone_ends_comes_in_parts(kind: str, library: Path) -> None:
    table: Table = FlowTable() if kind == "python" else CompiledTable(library)
    table.is_lazy = True
    for n in range(3000):
        data = ethernet(0x800, ipv4(6, tcp(2), ends=(A4 + 256 * n, B4)))
        table.add(Frame(START + n, 1, data, len(data)))
    parts = []
    while table.tick(START + 9 * NS):
        parts.append(len(table.due) + table.late_rows)
        while table.late_rows:
            table.late(1000)
        table.due.clear()
    assert 2 <= len(parts) <= 12
    assert max(parts) <= 1024
    assert sum(parts) + len(table.due) + table.late_rows == 3000
