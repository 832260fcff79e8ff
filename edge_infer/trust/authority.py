"""Whose signature holds over which payload, and may that key vouch for it?

The order is fixed: the signature over the raw payload first, its meaning second. What is not
trusted is raised, and what is returned exists only because it was verified.
"""

from __future__ import annotations

from edge_infer.errors import Untrusted
from edge_infer.trust import p256
from edge_infer.trust.envelope import pae, parse_envelope
from edge_infer.trust.refusals import may_not, nobody_may, nobody_signed
from edge_infer.trust.statement import Statement, parse_statement
from edge_infer.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from dataclasses import InitVar

    from edge_infer.trust.keys import PublicKey
    from edge_infer.trust.pins import Pin, Pins

_SEAL = object()
"""Only this module holds it, so only its verifiers build the type below."""


def _check_seal(seal: object) -> None:
    if seal is not _SEAL:
        raise TypeError("only a verifier of edge_infer.trust builds this type")


@dataclass(frozen=True)
class VerifiedStatement:
    """A statement that `key` signed."""

    key: PublicKey
    statement: Statement
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        _check_seal(seal)


def verify_statement(signature: bytes, keys: Sequence[PublicKey]) -> VerifiedStatement:
    """What the content of a signature file says, if one of `keys` signed it.

    Any signature in the file will do; its hint and key ids decide nothing.

    Raises:
        Untrusted: no signature holds under `keys`, or the payload is not OMS v1.0.
    """
    envelope = parse_envelope(signature)
    message = pae(envelope.payload)
    for key in keys:
        for candidate in envelope.signatures:
            if p256.verify((key.x, key.y), message, candidate):
                statement = parse_statement(envelope.payload)
                return VerifiedStatement(key, statement, seal=_SEAL)
    raise nobody_signed(envelope, keys)


def authorise(signature: bytes, pins: Pins, role: str) -> tuple[Pin, Statement]:
    """The pin whose key signed, if it may act as `role` and is not revoked, and what it signed.

    Raises:
        Untrusted: nobody who may has signed it, or the payload is not OMS v1.0.
    """
    usable = pins.usable(role)
    faults = {pin.key: pins.fault(pin, role) or "" for pin in pins.keys if pin not in usable}
    if not usable:
        raise nobody_may(role, [f"{pin.called}, {faults[pin.key]}" for pin in pins.keys])
    try:
        verified = verify_statement(signature, [pin.key for pin in usable])
    except Untrusted as refusal:
        raise _explained(refusal, signature, pins, role, faults) from None
    return next(pin for pin in usable if pin.key == verified.key), verified.statement


def _explained(
    refusal: Untrusted,
    signature: bytes,
    pins: Pins,
    role: str,
    faults: Mapping[PublicKey, str],
) -> Untrusted:
    """The refusal, or a better one where a key that may not has signed."""
    if not faults:
        return refusal
    try:
        key = verify_statement(signature, list(faults)).key
    except Untrusted:
        return refusal
    return may_not(next(pin for pin in pins.keys if pin.key == key), role, faults[key])
