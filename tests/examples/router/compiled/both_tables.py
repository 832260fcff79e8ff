"""Frames for both flow tables, whole and broken, and whether both say the same of them."""

from __future__ import annotations

import struct
from random import Random
from typing import TYPE_CHECKING, Any

from router_frames import A4, B4, ethernet, icmp, ipv4, ipv6, tcp, udp

from examples.router.compiled.table import CompiledTable
from examples.router.features import NAMES
from examples.router.flows import FlowTable
from examples.router.packets import Frame
from examples.router.synthetic.attacks import ATTACKS
from examples.router.synthetic.make import BENIGN
from examples.router.synthetic.scene import Scene
from examples.router.synthetic.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from examples.router.flows import Table

NS = 1_000_000_000
START = 1_700_000_000 * NS
Seen = tuple[list[tuple[Any, ...]], dict[str, object], float]


def taken(table: Table) -> Iterator[tuple[Any, ...]]:
    """What is due, without the moment at which it was asked, and nothing is due any more."""
    for one in table.due:
        row = struct.pack(f"{len(NAMES)}d", *one.row)
        yield one.flow.key, one.flow.first_ns, row, one.ended, one.seen_ns, one.last_ns, one.opening
    table.due.clear()


def seen(table: Table, feed: Callable[[Table], Iterator[None]]) -> Seen:
    """All rows of a table that was fed, its counters, and the time it covered."""
    found = []
    for _ in feed(table):
        found += taken(table)
    table.end()
    found += taken(table)
    return found, table.summary(), table.seconds


def check_same(library: Path, frames: list[Frame], **sizes: int) -> Seen:
    def feed(table: Table) -> Iterator[None]:
        for frame in frames:
            table.add(frame)
            yield

    wanted = seen(FlowTable(**sizes), feed)
    found = seen(CompiledTable(library, **sizes), feed)
    assert found[1:] == wanted[1:]
    assert found[0] == wanted[0]
    return found


def scenes(seed: int) -> list[Frame]:
    """A little of everything, in the order of time."""
    random = Random(seed)
    wire = Wire(random)
    for number, play in enumerate((*BENIGN.values(), *ATTACKS.values())):
        play(Scene(wire, random), 1_700_000_000 + number * 3)
    wire.frames.sort(key=lambda one: one[0])
    frames = wire.frames[:12_000]
    return [Frame(int(time * 1e6) * 1000, 1, data, len(data)) for time, data in frames]


def hostile(chance: Random, number: int) -> Iterator[Frame]:
    """Whole and broken frames of a few hosts, on clocks that go forwards, backwards and away."""
    time_ns = START
    for _ in range(number):
        time_ns += chance.choice((0, 1, 1000, NS // 50, NS // 2, 3 * NS))
        if chance.random() < 0.002:
            far = (-NS // 2, -3 * NS, -3600 * NS, 3600 * NS, 400 * 86400 * NS, 1 << 61)
            time_ns = max(time_ns + chance.choice(far), 0) & (1 << 62) - 1
        link, data = chance.choice((one_frame, one_frame, a_fragment, extended, reopened, a_name))(
            chance
        )
        if chance.random() < 0.1:
            data = data[: chance.randrange(len(data) + 1)]
        if chance.random() < 0.1:
            broken = bytearray(data)
            for _ in range(chance.choice((1, 2, 8)) if data else 0):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            data = bytes(broken)
        yield Frame(time_ns, link, data, len(data))


def linked(chance: Random, version: int, ip: bytes) -> tuple[int, bytes]:
    kind = 0x800 if version == 4 else 0x86DD
    if chance.random() < 0.2:
        return 101, ip
    if chance.random() < 0.05:
        return 113, bytes(14) + struct.pack(">H", kind) + ip
    tags = b"".join(
        struct.pack(">HH", chance.choice((0x8100, 0x88A8, 0x9100, 0x9200)), chance.randrange(4096))
        for _ in range(chance.choice((0, 0, 0, 0, 1, 2, 4, 5)))
    )
    return 1, bytes(12) + tags + struct.pack(">H", kind) + ip


def one_frame(chance: Random) -> tuple[int, bytes]:
    ports = chance.choice((0, 53, 80, 1000, 1001)), chance.choice((0, 22, 53, 80, 443))
    payload = chance.choice((
        b"", b"x" * 30, bytes(range(256)), chance.randbytes(chance.randrange(600)),
        b"GET /?q=<script>{1}' HTTP/1.1\r\nUser-Agent: ${jndi:x}\r\n\r\n",
        b"GET /?q=%27%3cb%3E%2527%%27%zz%0%5B%00%7 HTTP/1.1\r\n", b"GET /%2 b/%27",
        b"GET / \n", b"SIP/2.0\n", b"a b c/1\nrest",
        struct.pack(">HHHHHH", 1, chance.choice((0x100, 0x8183, 0x8180)), 1, 0, 0, 0)
        + bytes([9]) + chance.randbytes(9) + b"\7example\0\0\1\0\1",
    ))  # fmt: skip
    if chance.random() < 0.2:
        payload = struct.pack(">H", len(payload)) + payload
    kind = chance.choice((6, 6, 17, 1, 58, 2, 47, 132))
    flags = chance.choice((2, 18, 16, 24, 4, 20, 17, 0, 1, 41, 3, 6, 32, 255))
    body = {
        6: tcp(flags, payload, ports), 17: udp(payload, ports),
        1: icmp(chance.choice((0, 3, 8, 11)), 1, ipv4(17, udp(b"", (1000, 53))) + payload),
        58: icmp(chance.choice((1, 128, 129, 135, 143)), 0, payload),
    }.get(kind, payload)  # fmt: skip
    if chance.random() < 0.05:
        return 1, ethernet(0x806, struct.pack(">HHBBH6xI6xI", 1, 0x800, 6, 4, 1, A4, B4))
    if chance.random() < 0.3:
        return linked(chance, 6, ipv6(kind, body, length=chance.choice((None, None, 0))))
    ends = A4 + chance.randrange(6), chance.choice((B4, B4, 0xE0000001, 0x0A0000FF))
    total = chance.choice((None, None, None, 0))
    options = bytes(chance.choice((0, 0, 4)))
    if chance.random() < 0.5:
        ends = ends[::-1]
    return linked(chance, 4, ipv4(kind, body, ends=ends, total=total, options=options))


def reopened(chance: Random) -> tuple[int, bytes]:
    """Of two connections, which close and open again."""
    flags = chance.choice((2, 2, 18, 16, 4, 17, 3))
    ends, ports = (A4 + 9, B4), (1000 + chance.randrange(2), 80)
    if chance.random() < 0.4:
        ends, ports = ends[::-1], ports[::-1]
    return linked(chance, 4, ipv4(6, tcp(flags, b"", ports), ends=ends))


def a_name(chance: Random) -> tuple[int, bytes]:
    """A DNS message about the bounds of names, counts and flags."""
    flags = chance.choice((0x100, 0x100, 0x8180, 0x8183, 0x940, 0x7800, 0x8583))
    counts = [chance.choice((1, 1, 1, 1, 0, 2)), *(chance.choice((0, 0, 64, 65)) for _ in "ab"), 0]
    sizes = [chance.choice((1, 9, 40, 62, 63, 63, 64, 0)) for _ in range(chance.randrange(5))]
    if chance.random() < 0.2:
        sizes = [63, 63, 63, chance.choice((61, 62, 63))]  # the longest name is of 255 bytes
    labels = [bytes([size]) + chance.randbytes(size) for size in sizes]
    name = b"".join(labels) + chance.choice((b"\0", b"\0", b"\0", b""))
    message = struct.pack(">6H", 1, flags, *counts) + name + b"\0\1\0\1"[: chance.choice((4, 4, 3))]
    ports = (chance.randrange(2000, 9000), 53)
    if flags & 0x8000:
        ports = ports[::-1]
    if chance.random() < 0.3:
        said = struct.pack(">H", len(message)) + message
        return linked(chance, 4, ipv4(6, tcp(24, said, ports)))
    return linked(chance, 4, ipv4(17, udp(message, ports)))


def a_fragment(chance: Random) -> tuple[int, bytes]:
    number, offset = chance.randrange(3000), chance.choice((0, 0, 1, 125))
    kind = chance.choice((6, 17, 17, 1, 2))
    body = {6: tcp(16, b"x"), 17: udp(b"y" * 40), 1: icmp()}.get(kind, bytes(9))
    if chance.random() < 0.3:
        more = offset << 3 | chance.choice((0, 1))
        return linked(chance, 6, ipv6(44, struct.pack(">BBHI", kind, 0, more, number) + body))
    more = offset | chance.choice((0, 0x2000))
    return linked(chance, 4, ipv4(kind, body, fragment=more, identification=number))


def extended(chance: Random) -> tuple[int, bytes]:
    kinds = [chance.choice((0, 43, 60, 51, 44, 135)) for _ in range(chance.randrange(10))]
    body, following = udp(b"z" * 5), 17
    for kind in reversed(kinds):
        size = 0 if kind == 44 else chance.randrange(3)
        length = 8 if kind == 44 else (size + 2) * 4 if kind == 51 else (size + 1) * 8
        body = bytes([following, size]) + bytes(length - 2) + body
        following = kind
    return linked(chance, 6, ipv6(following, body))
