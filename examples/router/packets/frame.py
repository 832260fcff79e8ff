"""What every source of packets yields: a file, a live interface, a queue."""

from __future__ import annotations

from typing import NamedTuple

ETHERNET, LOOPBACK, RAW_IP, LINUX_COOKED, LINUX_COOKED_2 = 1, 0, 101, 113, 276
"""Link types as tcpdump.org numbers them."""


class Frame(NamedTuple):
    """One frame as it was captured. A tuple, because one is made for every packet."""

    timestamp_ns: int
    """Since 1970; the clock may step either way between two frames."""

    linktype: int
    """How `captured` begins, in the numbers of tcpdump.org."""

    captured: bytes | memoryview
    """The bytes that were kept, which may be fewer than `length`."""

    length: int
    """Bytes on the wire."""
