"""pcapng capture files: sections of either byte order, any clock resolution.

Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from examples.router.packets.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.router.packets.problems import Problems
    from examples.router.packets.stream import Stream

MAGIC = b"\x0a\x0d\x0d\x0a"
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6
READ = frozenset((SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, ENHANCED_PACKET))
MOST_BYTES_A_BLOCK = 1 << 20
MOST_BYTES_PASSED_OVER = 1 << 28
"""Of a block that is no packet's: names and keys of a long capture take megabytes."""

MOST_INTERFACES = 1024
NS = 1_000_000_000
LAST_NS = 1 << 62
"""A classic file's seconds end before it; beyond it a resolution was misstated."""

TIME_RESOLUTION, TIME_OFFSET = 9, 14


@dataclass(frozen=True)
class Interface:
    """What an interface block says of the frames that name it."""

    linktype: int
    units_a_second: int = 1_000_000
    offset_seconds: int = 0

    def nanoseconds(self, high: int, low: int) -> int:
        """Time since 1970 of a frame of this interface."""
        return (high << 32 | low) * NS // self.units_a_second + self.offset_seconds * NS


def read_pcapng(stream: Stream, problems: Problems) -> Iterator[Frame]:
    """Frames of a file that begins with `MAGIC`."""
    order = "<"
    interfaces: list[Interface] = []
    time_ns = 0
    while stream.fill(12):
        head = stream.data[stream.at : stream.at + 12]
        if head[:4] == MAGIC:
            order = ">" if head[8:] == b"\x1a\x2b\x3c\x4d" else "<"
            interfaces = []
        kind, size = struct.unpack_from(order + "II", head)
        is_read = kind in READ
        most = MOST_BYTES_A_BLOCK if is_read else MOST_BYTES_PASSED_OVER
        if size < 12 or size % 4 or size > most:
            problems.add("file: a block's length is impossible; the rest is skipped")
            return
        if not is_read:
            if not stream.skip(size):
                problems.add("file: cut short")
                return
            continue
        block = stream.take(size)
        if block is None:
            break
        body = block[8:-4]
        if kind == INTERFACE:
            if len(interfaces) < MOST_INTERFACES and len(body) >= 8:
                interfaces.append(_interface(body, order))
            else:
                problems.add("file: an interface block cannot be used")
        elif kind in (ENHANCED_PACKET, OLD_PACKET, SIMPLE_PACKET):
            frame = _frame(kind, body, order, interfaces, time_ns)
            if frame is None:
                problems.add("file: a packet block does not hold what it says")
                continue
            if not 0 <= frame.timestamp_ns <= LAST_NS:
                problems.add("file: a time before 1970 or after 2115")
                frame = frame._replace(timestamp_ns=time_ns)
            time_ns = frame.timestamp_ns
            yield frame
    if stream.at < stream.end:
        problems.add("file: cut short")


def _frame(
    kind: int, body: bytes, order: str, interfaces: list[Interface], before_ns: int
) -> Frame | None:
    """The frame of a packet block; a simple one has no time and takes the last frame's."""
    if kind == SIMPLE_PACKET:
        if len(body) < 4 or not interfaces:
            return None
        (length,) = struct.unpack_from(order + "I", body)
        return Frame(before_ns, interfaces[0].linktype, body[4 : 4 + length], length)
    if len(body) < 20:
        return None
    fields = order + ("IIIII" if kind == ENHANCED_PACKET else "HxxIIII")
    number, high, low, captured, length = struct.unpack_from(fields, body)
    if number >= len(interfaces) or captured > len(body) - 20:
        return None
    interface = interfaces[number]
    time_ns = interface.nanoseconds(high, low)
    return Frame(time_ns, interface.linktype, body[20 : 20 + captured], length)


def _interface(body: bytes, order: str) -> Interface:
    (linktype,) = struct.unpack_from(order + "H", body)
    units, offset, at = 1_000_000, 0, 8
    while at + 4 <= len(body):
        code, size = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + size]
        if code == 0:
            break
        if code == TIME_RESOLUTION and len(value) == 1:
            exponent = value[0] & 0x7F
            units = 2**exponent if value[0] & 0x80 else 10 ** min(exponent, 18)
        elif code == TIME_OFFSET and len(value) == 8:
            (offset,) = struct.unpack(order + "q", value)
        at += 4 + size + -size % 4
    return Interface(linktype, units, offset)
