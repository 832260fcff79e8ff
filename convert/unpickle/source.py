"""Read a signed pickle once; what was verified is what is used.

The bytes are verified as they lie on disk, still compressed, so that no decompressor sees
anything that nobody vouches for.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from convert.unpickle.compression import MIB, Bounds, decompress
from edge_infer.errors import Untrusted
from edge_infer.trust import read_file, verify_file
from edge_infer.trust.secret import verify_hmac

if TYPE_CHECKING:
    from edge_infer.trust import Trust

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
    authorised_by: str
    """The key's fingerprint, or the name of the shared secret."""


def read_signed_pickle(
    path: str | os.PathLike[str],
    trust: Trust,
    *,
    secret: str | os.PathLike[str] | None = None,
    bounds: Bounds | None = None,
) -> SignedPickle:
    """Read `path` and `path.sig`, verify the bytes, then decompress them within a bound.

    With `secret`, `path.hmac` instead; which of the two counts is the caller's word alone.

    Raises:
        Untrusted: no trusted key vouches for these bytes, or it is a link or too large.
        BadInput: there is no such file, or it is no gzip, zlib or plain pickle.
    """
    path = Path(path)
    bounds = bounds or Bounds()
    data = read_file(path, max_bytes=bounds.compressed_bytes)
    try:
        if secret is None:
            authorised_by = _verify_signature(path, data, trust)
        else:
            authorised_by = _verify_hmac(path, data, trust, secret)
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
        authorised_by=authorised_by,
    )


def _verify_signature(path: Path, data: bytes, trust: Trust) -> str:
    signature = _read_beside(path, ".sig", f"edge-infer sign {path.name} --key trainer.key")
    now = datetime.now(UTC)
    return verify_file(data, signature, trust, name=path.name, moment=now).fingerprint


def _verify_hmac(path: Path, data: bytes, trust: Trust, secret: str | os.PathLike[str]) -> str:
    tag = _read_beside(path, ".hmac", f"edge-infer sign {path.name} --secret THE.secret")
    return verify_hmac(data, tag, secret, trust, name=path.name).id


def _read_beside(path: Path, ending: str, command: str) -> bytes:
    beside = path.with_name(path.name + ending)
    if not os.path.lexists(beside):
        raise Untrusted(
            f"{path.name} has no signature",
            expected=str(beside),
            actual="no such file",
            hint=f"whoever trained it runs: {command}",
        )
    return read_file(beside, max_bytes=MAX_SIGNATURE_BYTES)
