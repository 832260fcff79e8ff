"""Classic capture files: either byte order, microseconds or nanoseconds.

Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from examples.router.packets.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.router.packets.problems import Problems
    from examples.router.packets.stream import Stream

MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
"""First four bytes to byte order and nanoseconds a unit of the second time field."""

MOST_BYTES_A_FRAME = 262_144
"""tcpdump's own limit; a record that claims more was not written by a capture."""


CUT_SHORT = "file: cut short"
TOO_LONG = "file: a record claims more than 262,144 bytes; the rest is skipped"


class Layout(NamedTuple):
    """What a file's header says of its records."""

    order: str
    """Of bytes, as `struct` writes it."""

    unit_ns: int
    linktype: int


def layout_of(stream: Stream, problems: Problems) -> Layout | None:
    """The header's word, None where the file ends within it."""
    header = stream.take(24)
    if header is None:
        problems.add(CUT_SHORT)
        return None
    order, unit_ns = MAGICS[header[:4]]
    linktype: int = struct.unpack_from(order + "I", header, 20)[0] & 0xFFFF
    return Layout(order, unit_ns, linktype)


def read_pcap(stream: Stream, problems: Problems) -> Iterator[Frame]:
    """Frames of a file whose magic number is one of `MAGICS`."""
    layout = layout_of(stream, problems)
    if layout is None:
        return
    order, unit_ns, linktype = layout
    unpack_from = struct.Struct(order + "IIII").unpack_from
    new = tuple.__new__  # the shortest way to a named tuple
    while stream.fill(16):
        data, at, end = stream.data, stream.at, stream.end
        while at + 16 <= end:
            seconds, fraction, captured, length = unpack_from(data, at)
            if captured > MOST_BYTES_A_FRAME:
                problems.add(TOO_LONG)
                return
            start = at + 16
            stop = start + captured
            if stop > end:
                break
            at = stop
            time_ns = seconds * 1_000_000_000 + fraction * unit_ns
            yield new(Frame, (time_ns, linktype, data[start:stop], length))
        stream.at = at
        if at + 16 <= end and not stream.fill(16 + captured):
            break
    if stream.at < stream.end:
        problems.add(CUT_SHORT)
