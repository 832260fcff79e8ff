"""Classic capture files: either byte order, microseconds or nanoseconds.

Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

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


def read_pcap(stream: Stream, problems: Problems) -> Iterator[Frame]:
    """Frames of a file whose magic number is one of `MAGICS`."""
    header = stream.take(24)
    if header is None:
        problems.add("file: cut short")
        return
    order, unit_ns = MAGICS[header[:4]]
    linktype: int = struct.unpack_from(order + "I", header, 20)[0] & 0xFFFF
    unpack_from = struct.Struct(order + "IIII").unpack_from
    new = tuple.__new__  # the shortest way to a named tuple
    while stream.fill(16):
        data, at, end = stream.data, stream.at, stream.end
        while at + 16 <= end:
            seconds, fraction, captured, length = unpack_from(data, at)
            if captured > MOST_BYTES_A_FRAME:
                problems.add("file: a record claims more than 262,144 bytes; the rest is skipped")
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
        problems.add("file: cut short")
