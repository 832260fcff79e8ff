"""Frames in, packets out; every read is bounded by the bytes that were captured."""

from __future__ import annotations

from examples.router.packets.dissect import dissect
from examples.router.packets.files import check_file, read_file
from examples.router.packets.frame import Frame
from examples.router.packets.problems import Problems
from examples.router.packets.transport import Packet

__all__ = ["Frame", "Packet", "Problems", "check_file", "dissect", "read_file"]
