"""The kernel's ring of captured packets, TPACKET_V3 of linux/if_packet.h, as bytes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from examples.router.packets.frame import Frame

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator

BLOCK_BYTES = 1 << 14
"""A block is handed over when it is full, so a packet waits for few others. What is longer, as
frames that the card or the kernel has joined, is cut there: far behind what any row is made of."""

BLOCKS_A_MEBIBYTE = (1 << 20) // BLOCK_BYTES
FRAME_BYTES = 2048

FROM_KERNEL, TO_KERNEL = 1, 0
STATUS_AT = 8
PACKET_BYTES = 32
"""Of `struct tpacket3_hdr` are looked at."""

_block = struct.Struct("=8xIII").unpack_from
_opened = struct.Struct("=32xII").unpack_from
_packet = struct.Struct("=IIIIIIH").unpack_from
_status = struct.Struct("=I")


def request(blocks: int, retire_ms: int) -> bytes:
    """`struct tpacket_req3`: the ring's size, and when a block that is not full is handed over."""
    frames = blocks * BLOCK_BYTES // FRAME_BYTES
    return struct.pack("=7I", BLOCK_BYTES, blocks, FRAME_BYTES, frames, retire_ms, 0, 0)


def is_ready(ring: mmap.mmap, block: int) -> bool:
    """Whether the kernel handed a block over."""
    status: int = _status.unpack_from(ring, block * BLOCK_BYTES + STATUS_AT)[0]
    return bool(status & FROM_KERNEL)


class Block(NamedTuple):
    """A block that is ready; good until it is given back."""

    ring: mmap.mmap
    start: int
    number: int
    """Packets in it."""

    first: int
    """Where the first one is, from `start` on."""

    linktype: int
    size: int = BLOCK_BYTES

    @property
    def opened_ns(self) -> int:
        """When the kernel began it: what is in it and in those behind it came later."""
        seconds, nanos = _opened(self.ring, self.start)
        return int(seconds) * 1_000_000_000 + int(nanos)

    def frames(self) -> Iterator[Frame]:
        """Its frames, copied out of it."""
        at, step = self.first, 1
        for _ in range(self.number):
            if not step or not 0 <= at <= self.size - PACKET_BYTES:
                return  # the kernel does not write such; nothing is read outside the block
            frame, step = self.frame(at)
            yield frame
            at += step

    def frame(self, at: int) -> tuple[Frame, int]:
        """The frame that is described at `at`, and how far from it the next one is, 0 for none."""
        ring, start = self.ring, self.start
        step, seconds, nanos, captured, length, _, mac = _packet(ring, start + at)
        begin, end = start + at + mac, start + self.size
        time_ns = seconds * 1_000_000_000 + nanos
        data = ring[begin : min(begin + captured, end)] if begin < end else b""
        return tuple.__new__(Frame, (time_ns, self.linktype, data, length)), step


def block_of(ring: mmap.mmap, number: int, linktype: int) -> Block:
    """A block that is ready."""
    start = number * BLOCK_BYTES
    _, packets, first = _block(ring, start)
    return Block(ring, start, packets, first, linktype)


def give_back(ring: mmap.mmap, block: int) -> None:
    """The kernel may fill the block again."""
    _status.pack_into(ring, block * BLOCK_BYTES + STATUS_AT, TO_KERNEL)
