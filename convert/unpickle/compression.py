"""Bounded decompression: whatever the file claims, memory stays under a limit set beforehand.

What is inside is told by the first bytes, never by the name. Only gzip and zlib are opened,
because both stop at about 1,030:1 and the standard library decompresses them piecewise;
bz2 turns 433 bytes into 500 MiB.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass

from edge_infer.errors import BadInput

MIB = 1 << 20
PIECE_BYTES = MIB

_GZIP = b"\x1f\x8b"
_ZLIB_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_REFUSED = {
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"\x5d\x00\x00": "lzma",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"ZF": "joblib older than 0.10",
}


@dataclass(frozen=True)
class Bounds:
    """How far a file of given size may grow; the small floor lets arrays of zeros through."""

    compressed_bytes: int = 256 * MIB
    decompressed_bytes: int = 1024 * MIB
    ratio: int = 100
    floor_bytes: int = 64 * MIB

    def limit(self, compressed_bytes: int) -> int:
        """Most bytes that a file of `compressed_bytes` may decompress to."""
        return min(self.decompressed_bytes, max(self.floor_bytes, self.ratio * compressed_bytes))


def detect(data: bytes) -> str:
    """`gzip`, `zlib` or `none`, by the first bytes.

    Raises:
        BadInput: a compression that has no safe bound here, or not a pickle at all.
    """
    if data.startswith(_GZIP):
        return "gzip"
    if data.startswith(_ZLIB_HEADERS):
        return "zlib"
    if data.startswith(b"\x80"):
        return "none"
    for magic, name in _REFUSED.items():
        if data.startswith(magic):
            raise BadInput(
                f"the pickle is compressed as {name}",
                expected="no compression, gzip or zlib",
                actual=name,
                hint='dump it again: joblib.dump(estimator, "model.pkl.gz")',
            )
    raise BadInput(
        "the file is not a pickle of protocol 3 or newer",
        expected="a first byte of 80, or a gzip or zlib header",
        actual=data[:8].hex(" ") or "an empty file",
        hint="dump the estimator with joblib.dump or pickle.dump",
    )


def decompress(data: bytes, *, bounds: Bounds | None = None) -> bytes:
    """The pickle's bytes, at most `bounds.limit(len(data))` of them.

    Raises:
        BadInput: damaged, truncated, followed by other data, or larger than the bound.
    """
    kind = detect(data)
    if kind == "none":
        return data
    limit = (bounds or Bounds()).limit(len(data))
    out = io.BytesIO()
    try:
        is_complete, consumed = _inflate(kind, data, out, limit)
    except zlib.error as error:
        raise BadInput(f"the {kind} data is damaged: {error}", hint="dump it again") from None
    if out.tell() > limit:
        raise BadInput(
            f"the {kind} data grows beyond its bound",
            expected=f"at most {limit:,} bytes from {len(data):,}",
            actual=f"more than {limit:,} bytes",
            hint="dump the estimator without compression",
        )
    if not is_complete:
        raise BadInput(
            f"the {kind} data is cut short", expected="a complete stream", hint="copy it again"
        )
    if consumed < len(data):
        raise BadInput(
            f"other data follows the {kind} stream",
            expected="one stream and nothing else",
            actual=f"{len(data) - consumed:,} bytes more",
            hint="dump it again: nothing may ride along with a signed pickle",
        )
    return out.getvalue()


def _inflate(kind: str, data: bytes, out: io.BytesIO, limit: int) -> tuple[bool, int]:
    """Write at most `limit` + 1 bytes to `out`; whether the stream ended, and where in `data`."""
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16 if kind == "gzip" else zlib.MAX_WBITS)
    for start in range(0, len(data), PIECE_BYTES):
        pending = data[start : start + PIECE_BYTES]
        end = start + len(pending)
        while pending and not stream.eof:
            out.write(stream.decompress(pending, min(PIECE_BYTES, limit - out.tell() + 1)))
            if out.tell() > limit:
                return False, end
            pending = stream.unconsumed_tail
        if stream.eof:
            return True, end - len(stream.unused_data)
    # All input is taken, and still some output may wait within the stream.
    while not stream.eof and (piece := stream.decompress(b"", PIECE_BYTES)):
        out.write(piece[: limit + 1 - out.tell()])
        if out.tell() > limit:
            break
    return stream.eof, len(data)
