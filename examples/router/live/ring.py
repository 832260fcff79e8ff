"""The kernel's ring of captured packets, TPACKET_V3 of linux/if_packet.h, as bytes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from examples.router.packets.frame import Frame

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator

BLOCK_BYTES = 1 << 18
BLOCKS = 32
FRAME_BYTES = 2048
"""8 MB in all: what the kernel keeps while Python is busy, some 30,000 ordinary packets."""

FROM_KERNEL, TO_KERNEL = 1, 0
STATUS_AT = 8

_block = struct.Struct("=8xIII").unpack_from
_packet = struct.Struct("=IIIIIIH").unpack_from
_status = struct.Struct("=I")


def request(retire_ms: int) -> bytes:
    """`struct tpacket_req3`: the ring's size, and when a block that is not full is handed over."""
    frames = BLOCKS * BLOCK_BYTES // FRAME_BYTES
    return struct.pack("=7I", BLOCK_BYTES, BLOCKS, FRAME_BYTES, frames, retire_ms, 0, 0)


def is_ready(ring: mmap.mmap, block: int) -> bool:
    """Whether the kernel handed a block over."""
    status: int = _status.unpack_from(ring, block * BLOCK_BYTES + STATUS_AT)[0]
    return bool(status & FROM_KERNEL)


def frames_of(ring: mmap.mmap, block: int, linktype: int) -> Iterator[Frame]:
    """The frames of a block that is ready, copied out of it."""
    start = block * BLOCK_BYTES
    _, number, offset = _block(ring, start)
    at, end = start + offset, start + BLOCK_BYTES
    new = tuple.__new__
    for _ in range(number):
        if not start <= at <= end - 32:
            return  # the kernel does not write such; nothing is read outside the block
        step, seconds, nanos, captured, length, _, mac = _packet(ring, at)
        begin = at + mac
        time_ns = seconds * 1_000_000_000 + nanos
        data = ring[begin : min(begin + captured, end)]
        yield new(Frame, (time_ns, linktype, data, length))
        if not step:
            return
        at += step


def give_back(ring: mmap.mmap, block: int) -> None:
    """The kernel may fill the block again."""
    _status.pack_into(ring, block * BLOCK_BYTES + STATUS_AT, TO_KERNEL)
