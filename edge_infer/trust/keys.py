"""Pinned public keys: ECDSA P-256 as a PEM SubjectPublicKeyInfo (RFC 5480), nothing else."""

from __future__ import annotations

import binascii
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from edge_infer.errors import BadInput, Untrusted
from edge_infer.trust import p256
from edge_infer.trust.digest import sha256
from edge_infer.trust.files import read_file, real_path, show

MAX_KEY_BYTES = 64 << 10

# SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING { uncompressed point, x, y } }
_SPKI_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_BEGIN, _END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
_HINT = "pass the .pub file that `edge-infer keygen` wrote beside the signer's .key"


@dataclass(frozen=True, repr=False)
class PublicKey:
    """A point on P-256 and its one canonical file."""

    x: int
    y: int

    def __post_init__(self) -> None:
        if not p256.on_curve(self.x, self.y):
            raise Untrusted("the public key is not a point on P-256", hint=_HINT)

    def __repr__(self) -> str:
        return f"PublicKey({self.fingerprint})"

    @property
    def pem(self) -> bytes:
        """The canonical PEM, as `edge-infer keygen` and OpenSSL write it."""
        text = binascii.b2a_base64(self._der(), newline=False).decode("ascii")
        lines = [text[i : i + 64] for i in range(0, len(text), 64)]
        return "\n".join([_BEGIN, *lines, _END, ""]).encode("ascii")

    @property
    def fingerprint(self) -> str:
        """`SHA256:` and the unpadded base64 of the SHA-256 of the DER."""
        digest = sha256(self._der()).digest()
        return "SHA256:" + binascii.b2a_base64(digest, newline=False).decode("ascii").rstrip("=")

    @property
    def hint(self) -> str:
        """How OMS names the key: the hexadecimal SHA-256 of the canonical PEM file."""
        return sha256(self.pem).hexdigest()

    def _der(self) -> bytes:
        return _SPKI_PREFIX + self.x.to_bytes(32, "big") + self.y.to_bytes(32, "big")


Trust: TypeAlias = "str | os.PathLike[str] | PublicKey | Sequence[Trust]"
"""A `.pub` file, a key, or several of them of which any one suffices."""


def parse_public_key(pem: bytes) -> PublicKey:
    """Read one key; line ends may be CRLF, blank space around the block is allowed.

    Raises:
        Untrusted: it is another kind of key, malformed, or its point is not on the curve.
    """
    der = _unwrap(pem)
    if len(der) != len(_SPKI_PREFIX) + 64 or not der.startswith(_SPKI_PREFIX):
        raise Untrusted(
            "the public key is of another kind",
            expected="ECDSA P-256 with an uncompressed point, 91 bytes of DER",
            actual=f"{len(der)} bytes of DER beginning {der[:26].hex()}",
            hint=_HINT,
        )
    x, y = der[-64:-32], der[-32:]
    return PublicKey(int.from_bytes(x, "big"), int.from_bytes(y, "big"))


def read_trust(trust: Trust) -> tuple[PublicKey, ...]:
    """The keys that `trust` names; at least one.

    Raises:
        Untrusted: a key is not a valid P-256 key, or none is named.
        BadInput: a file cannot be found or `trust` is of another type.
    """
    keys = tuple(dict.fromkeys(_read(trust)))
    if not keys:
        raise Untrusted("no trusted key is named, so nothing can be trusted", hint=_HINT)
    return keys


def _read(trust: Trust) -> list[PublicKey]:
    if isinstance(trust, PublicKey):
        return [trust]
    if isinstance(trust, str | os.PathLike):
        return [_read_file(os.fspath(trust))]
    if isinstance(trust, Sequence):
        return [key for item in trust for key in _read(item)]
    raise BadInput(
        "trust has the wrong type",
        expected="the path of a .pub file, a PublicKey, or a sequence of them",
        actual=type(trust).__name__,
        hint=_HINT,
    )


def _read_file(path: str) -> PublicKey:
    pem = read_file(real_path(path), max_bytes=MAX_KEY_BYTES)
    try:
        return parse_public_key(pem)
    except Untrusted as error:
        raise Untrusted(
            f"{show(path)}: {error.what}",
            expected=error.expected,
            actual=error.actual,
            hint=error.hint,
        ) from None


def _unwrap(pem: bytes) -> bytes:
    """The DER between the one pair of markers."""
    try:
        lines = [line.rstrip(" \t\r") for line in pem.decode("ascii").strip().split("\n")]
        if lines[0] != _BEGIN or lines[-1] != _END or len(lines) < 3:
            raise ValueError(f"it begins with {lines[0][:40]!r}")
        return binascii.a2b_base64("".join(lines[1:-1]), strict_mode=True)
    except ValueError as error:
        private = b"PRIVATE KEY" in pem
        raise Untrusted(
            "a private key stands where a public key belongs"
            if private
            else "the file is not a PEM public key",
            expected=f"one block between {_BEGIN} and {_END}",
            actual=None if private else str(error),
            hint=_HINT + ("; keep the .key off the device" if private else ""),
        ) from None
