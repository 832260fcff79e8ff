"""`model.sig`: a Sigstore bundle v0.3 around a DSSE envelope, as OMS v1.0 writes it.

Everything here is unsigned but the payload. It says which bytes may be a signature of which
payload; it decides nothing, and a key or certificate that someone put into it is not read.
"""

from __future__ import annotations

import binascii

from edge_infer.errors import BadInput, Untrusted
from edge_infer.strict_json import parse_json
from edge_infer.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_BYTES = 1 << 20
MAX_SIGNATURES = 8
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"

_HEXADECIMAL = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Envelope:
    """A payload and what claims to sign it, in the file's order."""

    payload: bytes
    signatures: tuple[bytes, ...]
    hint: str | None
    """Which key the signer says to have used: helps a message, decides nothing."""


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """The bytes that are signed: DSSE's pre-authentication encoding, version 1."""
    return b"DSSEv1 %d %b %d %b" % (
        len(payload_type),
        payload_type.encode("ascii"),
        len(payload),
        payload,
    )


def parse_envelope(data: bytes) -> Envelope:
    """Read a `model.sig`; nothing in it is trusted yet.

    Raises:
        Untrusted: it is not such a bundle, or larger than 1 MiB.
    """
    what = "the signature file"
    if not data:
        raise Untrusted(f"{what} is empty", hint="copy the files again, or sign them")
    try:
        bundle = parse_json(data, what=what, max_bytes=MAX_BYTES)
    except BadInput as error:
        raise Untrusted(error.what, expected=error.expected, actual=error.actual) from None
    fields = take(
        bundle, what, {"mediaType": str, "dsseEnvelope": dict}, {"verificationMaterial": dict}
    )
    expect(fields["mediaType"], MEDIA_TYPE, f"{what}'s mediaType")
    envelope = take(
        fields["dsseEnvelope"],
        "dsseEnvelope",
        {"payload": str, "payloadType": str, "signatures": list},
    )
    expect(envelope["payloadType"], PAYLOAD_TYPE, "payloadType")
    if not 1 <= len(envelope["signatures"]) <= MAX_SIGNATURES:
        raise Untrusted(
            f"{what} has a strange number of signatures",
            expected=f"1 to {MAX_SIGNATURES}",
            actual=len(envelope["signatures"]),
        )
    return Envelope(
        payload=_decode(envelope["payload"], "payload"),
        signatures=tuple(_signature(entry) for entry in envelope["signatures"]),
        hint=_hint(fields.get("verificationMaterial", {})),
    )


def write_envelope(envelope: Envelope) -> bytes:
    """The bytes of a `model.sig`; `parse_envelope(write_envelope(e)) == e`."""
    public_key = {} if envelope.hint is None else {"hint": envelope.hint}
    bundle = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"publicKey": public_key, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": _encode(envelope.payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": _encode(one), "keyid": ""} for one in envelope.signatures],
        },
    }
    import json

    return json.dumps(bundle, separators=(",", ":")).encode("ascii")


def take(
    value: object,
    where: str,
    required: dict[str, type],
    optional: dict[str, type] | None = None,
) -> dict[str, Any]:
    """`value` as an object with exactly these fields of these types.

    Raises:
        Untrusted: it is anything else.
    """
    known = required | (optional or {})
    if type(value) is not dict or not required.keys() <= value.keys() <= known.keys():
        raise Untrusted(
            f"{where} does not have the fields of OpenSSF Model Signing v1.0",
            expected=", ".join(required),
            actual=", ".join(ascii(key) for key in list(value)[:10])
            if type(value) is dict
            else type(value).__name__,
        )
    for name, item in value.items():
        if type(item) is not known[name]:
            raise Untrusted(
                f"{where}: {name} has the wrong type",
                expected=known[name].__name__,
                actual=type(item).__name__,
            )
    return value


def expect(actual: object, expected: object, where: str) -> None:
    """Refuse any value but one.

    Raises:
        Untrusted: they differ.
    """
    if type(actual) is not type(expected) or actual != expected:
        raise Untrusted(
            f"{where} is another one", expected=repr(expected), actual=ascii(actual)[:120]
        )


def _signature(entry: object) -> bytes:
    fields = take(entry, "a signature", {"sig": str}, {"keyid": str})
    return _decode(fields["sig"], "sig")


def _hint(material: dict[str, Any]) -> str | None:
    """A well-formed hint; anything else an attacker wrote there is not worth a word."""
    public_key = material.get("publicKey")
    hint = public_key.get("hint") if isinstance(public_key, dict) else None
    return hint if isinstance(hint, str) and is_sha256(hint) else None


def is_sha256(text: str) -> bool:
    """Whether it is one in lower-case hexadecimal."""
    return len(text) == 64 and _HEXADECIMAL.issuperset(text)


def _decode(text: str, where: str) -> bytes:
    """Canonical base64: one spelling for each sequence of bytes."""
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError:
        data = None
    if data is None or _encode(data) != text:
        raise Untrusted(f"{where} is not base64", hint="copy the signature file again")
    return data


def _encode(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")
