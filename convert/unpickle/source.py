"""Read a signed pickle once; what was verified is what is used.

The bytes are verified as they lie on disk, still compressed, so that no decompressor sees
anything that nobody vouches for.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from convert.unpickle.compression import MIB, Bounds, decompress
from edge_infer.errors import Untrusted
from edge_infer.trust import read_file, verify_file

if TYPE_CHECKING:
    from edge_infer.trust import PublicKey, Trust

MAX_SIGNATURE_BYTES = MIB


@dataclass(frozen=True)
class SignedPickle:
    """A pickle that a trusted key vouches for; only `read_signed_pickle` makes one."""

    path: Path
    pickle: bytes
    """Decompressed: a stream of pickle opcodes, not executed yet."""
    sha256: str
    """Digest of the file as it was signed."""
    size_bytes: int
    """Size of the file as it was signed."""
    key: PublicKey


def read_signed_pickle(
    path: str | os.PathLike[str], trust: Trust, *, bounds: Bounds | None = None
) -> SignedPickle:
    """Read `path` and `path.sig`, verify the bytes, then decompress them within a bound.

    Raises:
        Untrusted: no trusted key vouches for these bytes, or it is a link or too large.
        BadInput: there is no such file, or it is no gzip, zlib or plain pickle.
    """
    path = Path(path)
    bounds = bounds or Bounds()
    data = read_file(path, max_bytes=bounds.compressed_bytes)
    signature_path = path.with_name(path.name + ".sig")
    if not os.path.lexists(signature_path):
        raise Untrusted(
            f"{path.name} has no signature",
            expected=str(signature_path),
            actual="no such file",
            hint=f"whoever trained it runs: edge-infer sign {path.name} --key trainer.key",
        )
    signature = read_file(signature_path, max_bytes=MAX_SIGNATURE_BYTES)
    try:
        key = verify_file(data, signature, trust, name=path.name)
    except Untrusted as error:
        raise Untrusted(
            f"{path.name}: {error.what}",
            expected=error.expected or "a whole signature by a trusted key",
            actual=error.actual,
            hint=error.hint or f"copy {path.name} and its .sig again, or have it signed again",
        ) from error
    return SignedPickle(
        path=path,
        pickle=decompress(data, bounds=bounds),
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        key=key,
    )
