"""Writes capture files of Ethernet frames."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write_pcap(path: Path, frames: Iterable[bytes]) -> int:
    """Write frames a millisecond apart; return how many."""
    count = 0
    with path.open("wb") as out:
        out.write(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for count, frame in enumerate(frames, 1):
            head = (1_700_000_000 + count // 1000, count % 1000 * 1000, len(frame), len(frame))
            out.write(struct.pack("=IIII", *head) + frame)
    return count
