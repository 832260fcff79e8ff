"""SHA-256 without OpenSSL where little is hashed.

Importing `hashlib` loads OpenSSL's libcrypto: 4 MB of memory and 2 ms, a tenth of what a small
model costs in all. CPython's own implementation gives the same digests at a third of the speed,
so files of many megabytes go through OpenSSL.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import _Hash
    from typing import Any

OPENSSL_FROM_BYTES = 4 << 20


def sha256(data: bytes = b"", *, size_bytes: int = 0) -> _Hash:
    """A hash object fed with `data`; `size_bytes` says how much will follow."""
    small = max(size_bytes, len(data)) < OPENSSL_FROM_BYTES
    built_in = _built_in() if small and "hashlib" not in sys.modules else None
    if built_in is not None:
        found: _Hash = built_in(data)
        return found
    import hashlib

    return hashlib.sha256(data)


def _built_in() -> Any:
    """CPython's module of its own: `_sha2` from 3.12 on, `_sha256` before; None elsewhere."""
    name = "_sha2" if sys.version_info >= (3, 12) else "_sha256"
    try:
        return __import__(name).sha256
    except ImportError:
        return None
