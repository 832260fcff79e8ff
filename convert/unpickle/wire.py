"""Frames between the parent and the child: one byte of kind, eight of length, the payload."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from edge_infer.contract import Image  # noqa: TC001 - the codec reads the annotation

REQUEST, PICKLE, SAMPLES = b"q", b"k", b"s"
PROGRESS, ERROR, HELD = b"p", b"e", b"h"
CONTRACT, GRAPH, GOLDEN, SEEN = b"c", b"o", b"g", b"r"

HEAD = struct.Struct("<cQ")
MIB = 1 << 20

MOST_BYTES = {
    PROGRESS: 4096,
    ERROR: 256 * 1024,
    HELD: 4096,
    CONTRACT: 4 * MIB,
    GRAPH: 1024 * MIB,
    GOLDEN: 256 * MIB,
    SEEN: MIB,
}
"""What the parent takes from the child, by kind; anything else ends the child."""


@dataclass(frozen=True)
class Request:
    """What the child is asked for, beside the pickle and the samples."""

    name: str
    sequence: int
    image: Image | None
    expires: str | None
    target: str
    source_sha256: str
    columns: tuple[str, ...] | None
    """Names in the header of the samples' file, where it has one."""
    pairs: tuple[str, ...]
    """`module name` of each global that the audit found in the pickle."""
    memory_bytes: int
    cpu_s: int
    report: bool = False
    """Whether to hand back what the proof saw as well."""
    precision: str = "double"


def frame(kind: bytes, payload: bytes) -> bytes:
    """The head of a frame and its payload."""
    return HEAD.pack(kind, len(payload)) + payload


def read_frame(stream: BinaryIO, kind: bytes) -> bytes:
    """The next frame's payload, which must be of this kind.

    Raises:
        EOFError: the stream ends, or another kind comes.
    """
    head = stream.read(HEAD.size)
    found, length = HEAD.unpack(head) if len(head) == HEAD.size else (b"", 0)
    payload = stream.read(length) if found == kind else b""
    if found != kind or len(payload) != length:
        raise EOFError(f"expected a frame {kind!r}")
    return payload
