"""A signed word that a key is no longer to be trusted.

It may come by any way, for its signature is checked where it is used: by the key itself, whose
thief gains nothing by revoking it, or by a key pinned as `revoker`, best kept offline. It has no
moment from which it counts: whoever stole a key also chooses the dates.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_infer.contract.codec import decode, encode
from edge_infer.errors import BadInput, Incompatible, Untrusted
from edge_infer.strict_json import dump_json, parse_json
from edge_infer.trust import p256
from edge_infer.trust.envelope import pae
from edge_infer.trust.pins import REVOKER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from edge_infer.trust.pins import Pin

PAYLOAD_TYPE = "application/vnd.edge-infer.revocation+json"
MAX_REASON = 200
MAX_BYTES = 4096


@dataclass(frozen=True)
class Revocation:
    """As it stands in a trust file, or alone in a `.revocation` file."""

    revokes: str
    """Fingerprint of the key."""
    by: str
    """Fingerprint of the key that signed this."""
    reason: str
    signature: str
    """Base64 of the DER signature over `signed_bytes`."""


def signed_bytes(revokes: str, by: str, reason: str) -> bytes:
    """What is signed; the payload type keeps it apart from every other signature."""
    payload = dump_json({"revokes": revokes, "by": by, "reason": reason})
    return pae(payload, PAYLOAD_TYPE)


def check_revocation(revocation: Revocation, pins: Iterable[Pin]) -> None:
    """Refuse a revocation that nobody pinned could have made.

    Raises:
        Untrusted: its signer is not pinned, may not revoke this key, or did not sign it.
    """
    signer = next((pin for pin in pins if pin.key.fingerprint == revocation.by), None)
    if signer is None:
        raise _refused("is by a key that is not pinned", revocation.by)
    if revocation.by != revocation.revokes and REVOKER not in signer.roles:
        raise _refused(f"is by a key without the role {REVOKER}", signer.called)
    if len(revocation.reason) > MAX_REASON or not revocation.reason.isprintable():
        raise _refused("gives a reason that cannot be shown", len(revocation.reason))
    message = signed_bytes(revocation.revokes, revocation.by, revocation.reason)
    try:
        signature = binascii.a2b_base64(revocation.signature.encode("ascii"), strict_mode=True)
    except ValueError:
        signature = b""
    if not p256.verify((signer.key.x, signer.key.y), message, signature):
        raise _refused("has a signature that does not hold", signer.called)


def revoke(fingerprint: str, *, key: EllipticCurvePrivateKey, reason: str = "") -> Revocation:
    """Sign the revocation of the key with `fingerprint`, by itself or by a revoker.

    Raises:
        BadInput: the reason is too long or not printable.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256

    from edge_infer.trust.keygen import public_key

    if len(reason) > MAX_REASON or not reason.isprintable():
        raise BadInput("the reason cannot be shown", expected=f"one line of {MAX_REASON}")
    by = public_key(key).fingerprint
    signature = key.sign(signed_bytes(fingerprint, by, reason), ec.ECDSA(SHA256()))
    text = binascii.b2a_base64(signature, newline=False).decode("ascii")
    return Revocation(revokes=fingerprint, by=by, reason=reason, signature=text)


def parse_revocation(data: bytes) -> Revocation:
    """A `.revocation` file; its signature is checked where it is taken up.

    Raises:
        Untrusted: it is none.
    """
    what = "the revocation"
    try:
        return decode(Revocation, parse_json(data, what=what, max_bytes=MAX_BYTES), what=what)
    except (BadInput, Incompatible) as error:
        raise Untrusted(error.what, expected=error.expected, actual=error.actual) from None


def write_revocation(revocation: Revocation) -> bytes:
    """The bytes; `parse_revocation(write_revocation(r)) == r`."""
    return dump_json(encode(revocation))


def _refused(why: str, actual: object) -> Untrusted:
    return Untrusted(
        f"a revocation {why}",
        expected=f"one signed by the revoked key itself or by a key pinned as {REVOKER}",
        actual=actual,
    )
