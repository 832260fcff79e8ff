"""Pinned public keys: ECDSA P-256 as a PEM SubjectPublicKeyInfo (RFC 5480), nothing else."""

from __future__ import annotations

import binascii

from edge_infer.errors import Untrusted
from edge_infer.trust import p256
from edge_infer.trust.digest import sha256
from edge_infer.values import dataclass

MAX_KEY_BYTES = 64 << 10

# SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING { uncompressed point, x, y } }
_SPKI_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_BEGIN, _END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
HINT = "pass the .pub file that `edge-infer keygen` wrote beside the signer's .key"


@dataclass(frozen=True, repr=False)
class PublicKey:
    """A point on P-256 and its one canonical file."""

    x: int
    y: int

    def __post_init__(self) -> None:
        if not p256.on_curve(self.x, self.y):
            raise Untrusted("the public key is not a point on P-256", hint=HINT)

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
    def grouped(self) -> str:
        """The first 100 bits of the same digest in five groups, to be read out or compared.

        Base32 (RFC 4648): no two of its characters look alike in upper case.
        """
        import base64

        text = base64.b32encode(sha256(self._der()).digest())[:20].decode("ascii")
        return "-".join(text[i : i + 4] for i in range(0, 20, 4))

    @property
    def hint(self) -> str:
        """How OMS names the key: the hexadecimal SHA-256 of the canonical PEM file."""
        return sha256(self.pem).hexdigest()

    def _der(self) -> bytes:
        return _SPKI_PREFIX + self.x.to_bytes(32, "big") + self.y.to_bytes(32, "big")


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
            hint=HINT,
        )
    x, y = der[-64:-32], der[-32:]
    return PublicKey(int.from_bytes(x, "big"), int.from_bytes(y, "big"))


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
            hint=HINT + ("; keep the .key off the device" if private else ""),
        ) from None
