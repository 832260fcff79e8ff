"""Shared secrets: HMAC-SHA256 (RFC 2104) over a pickle's bytes, in a file `model.pkl.hmac`.

It is how the field's tutorials protect a pickle. It is called *authenticated*, never signed:
whoever can check it can forge it. So it authorises unpickling alone, only where a trust file
pins the secret by name, and never an artifact or a bundle.
`openssl dgst -sha256 -mac HMAC -macopt hexkey:…` gives the same digits.
"""

from __future__ import annotations

import binascii
import hmac
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.errors import BadInput, Untrusted
from edge_infer.trust.files import read_file, real_path, show
from edge_infer.trust.keygen import check_private, create
from edge_infer.trust.sources import SECRET_HEAD, Trust, read_pins

if TYPE_CHECKING:
    import os

    from edge_infer.trust.pins import SecretPin

MIN_BYTES = 32
MAX_FILE_BYTES = 4096
_MIN_DISTINCT = 12
"""Of 32 random bytes fewer are different once in 10^17 times: it was typed, not drawn."""
_LABEL = b"edge-infer shared secret, fingerprint"
_TAG = re.compile(rb"HMAC-SHA256 ([0-9a-f]{64})\n?")
_ALL_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_DIGITS = {32: "MD5", 40: "SHA-1"}


@dataclass(frozen=True, repr=False)
class Secret:
    """At least 32 random bytes. Its text never shows them."""

    content: bytes

    def __post_init__(self) -> None:
        if len(self.content) < MIN_BYTES or len(set(self.content)) < _MIN_DISTINCT:
            raise BadInput(
                "the shared secret can be guessed",
                expected=f"at least {MIN_BYTES} random bytes",
                actual=f"{len(self.content)} bytes, {len(set(self.content))} different ones",
                hint="make one: edge-infer keygen --secret STEM",
            )

    def __repr__(self) -> str:
        return f"Secret({self.fingerprint})"

    @property
    def fingerprint(self) -> str:
        """What a trust file pins: says nothing about the secret, and only it gives this."""
        return "HMAC-SHA256:" + hmac.digest(self.content, _LABEL, "sha256").hex()


def generate_secret(stem: str | os.PathLike[str]) -> Path:
    """Write `stem.secret` with 32 bytes of the system's randomness, mode 0600.

    Raises:
        BadInput: the file exists.
        Unavailable: it cannot be written.
    """
    path = Path(stem).with_name(Path(stem).name + ".secret")
    text = binascii.b2a_base64(secrets.token_bytes(MIN_BYTES))
    create(path, SECRET_HEAD + b" 1\n" + text, mode=0o600)
    return path


def read_secret(path: str | os.PathLike[str]) -> Secret:
    """Read a `.secret` file that nobody but its owner can read.

    Raises:
        BadInput: it is missing, readable by others, no such file, or can be guessed.
        Untrusted: it is not a regular file, or a public key stands in its place.
    """
    real = real_path(path)
    data = read_file(real, max_bytes=MAX_FILE_BYTES)
    if b"PUBLIC KEY" in data or b"ssh-" in data[:16]:
        raise Untrusted(
            f"{show(real)} is a public key, and a secret that everybody knows is none",
            expected="the .secret file that `edge-infer keygen --secret` wrote",
            hint="check a signature of that key with --trust instead",
        )
    check_private(real)
    head, _, rest = data.partition(b"\n")
    try:
        if head != SECRET_HEAD + b" 1":
            raise ValueError("another first line")
        return Secret(binascii.a2b_base64(rest.rstrip(b"\n"), strict_mode=True))
    except BadInput:
        raise
    except ValueError as error:
        raise BadInput(
            f"{show(real)} is no shared secret",
            expected=f"the line '{SECRET_HEAD.decode()} 1', then base64",
            actual=error,
            hint="make one: edge-infer keygen --secret STEM",
        ) from None


def authenticate(data: bytes, secret: Secret) -> bytes:
    """The content of the `.hmac` file for `data`."""
    return b"HMAC-SHA256 %b\n" % hmac.digest(secret.content, data, "sha256").hex().encode()


def verify_hmac(
    data: bytes, tag: bytes, secret: str | os.PathLike[str] | Secret, trust: Trust, *, name: str
) -> SecretPin:
    """The pin of the secret that authenticates `data`; `name` is for messages.

    Raises:
        Untrusted: the trust files do not pin this secret, or the tag is another one.
        BadInput: the secret cannot be used, or a trust file cannot be found.
    """
    known = secret if isinstance(secret, Secret) else read_secret(secret)
    pin = next(
        (one for one in read_pins(trust).secrets if one.fingerprint == known.fingerprint), None
    )
    if pin is None:
        raise Untrusted(
            "the shared secret is not pinned",
            expected="an entry in the trust file that names it as trainer",
            actual=known.fingerprint,
            hint="edge-infer trust add FILE THE.secret --role trainer --id NAME",
        )
    expected = authenticate(data, known)
    if not hmac.compare_digest(_parse_tag(tag, name), expected):
        raise Untrusted(
            f"{show(name)} is not the file that was authenticated, or by another secret",
            expected=f"the HMAC-SHA256 under {pin.id}",
            hint="copy file and .hmac again from where they were made",
        )
    return pin


def _parse_tag(tag: bytes, name: str) -> bytes:
    """The tag in its one spelling.

    Raises:
        Untrusted: it is of another algorithm or form.
    """
    if match := _TAG.fullmatch(tag):
        return b"HMAC-SHA256 %b\n" % match[1]
    text = tag[:200].decode("ascii", "replace").strip()
    parts = [part for part in re.split(r"[\s:=]+", text) if _ALL_HEX.fullmatch(part)]
    weak = next((_DIGITS[len(part)] for part in parts if len(part) in _DIGITS), None)
    again = f"authenticate it anew: edge-infer sign {show(name)} --secret THE.secret"
    if weak is not None:
        raise Untrusted(
            f"{show(name)} comes with a digest of the length of {weak}, which is refused",
            expected="HMAC-SHA256",
            actual=ascii(text[:80]),
            hint=f"two files with one {weak} can be made, and NIST ends SHA-1 by 2030; {again}",
        )
    raise Untrusted(
        f"the .hmac file of {show(name)} is none",
        expected="HMAC-SHA256 and 64 lower-case hexadecimal digits",
        actual=ascii(text[:80]),
        hint=again,
    )
