"""A trust file: who is trusted, for what and until when, as strict JSON.

    {"format": 1,
     "keys": [{"id": "fleet-2026", "public_key": "-----BEGIN PUBLIC KEY-----\\n…",
               "roles": ["publisher"], "valid_until": "2028-01-01T00:00:00+00:00"}],
     "secrets": [{"id": "lab", "fingerprint": "HMAC-SHA256:…", "roles": ["trainer"]}],
     "revocations": []}

To rotate, pin the next key beside the current one, sign with the next, then drop the old one.
The file itself is not signed: it is what the caller brings by a way of trust, as a `.pub` is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_infer.contract.codec import decode, encode
from edge_infer.errors import BadInput, Incompatible, Untrusted
from edge_infer.strict_json import dump_json, parse_json
from edge_infer.trust.keys import parse_public_key
from edge_infer.trust.moments import moment_in
from edge_infer.trust.pins import ROLES, TRAINER, Pin, Pins, SecretPin
from edge_infer.trust.revocation import Revocation, check_revocation

if TYPE_CHECKING:
    from datetime import datetime

FORMAT = 1
MAX_BYTES = 64 << 10
MAX_ENTRIES = 32

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SECRET = re.compile(r"HMAC-SHA256:[0-9a-f]{64}")


@dataclass(frozen=True)
class KeyEntry:
    """A pinned public key."""

    id: str
    public_key: str
    """PEM."""
    roles: tuple[str, ...]
    valid_from: str | None = None
    valid_until: str | None = None


@dataclass(frozen=True)
class SecretEntry:
    """A pinned shared secret: its fingerprint, never the secret."""

    id: str
    fingerprint: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class TrustFile:
    """The whole file. The dataclasses are the format."""

    format: int
    keys: tuple[KeyEntry, ...]
    secrets: tuple[SecretEntry, ...] = ()
    revocations: tuple[Revocation, ...] = ()


def parse_trust_file(data: bytes, *, what: str) -> TrustFile:
    """Parse and check every entry, the revocations' signatures among them.

    Raises:
        Untrusted: anything in it is not as it must be: a trust file is taken whole or not.
    """
    try:
        value = parse_json(data, what=what, max_bytes=MAX_BYTES)
        found = value.get("format") if isinstance(value, dict) else None
        if found != FORMAT or type(found) is not int:
            raise Incompatible(f"{what} has another format", expected=FORMAT, actual=found)
        file = decode(TrustFile, value, what=what)
    except (BadInput, Incompatible) as error:
        raise Untrusted(
            error.what,
            expected=error.expected or "a trust file, or a .pub file",
            actual=error.actual,
            hint="write it with `edge-infer trust add`",
        ) from None
    pins_of(file, what=what)
    return file


def write_trust_file(file: TrustFile) -> bytes:
    """The bytes; `parse_trust_file(write_trust_file(f)) == f`."""
    value = encode(file)
    assert isinstance(value, dict)
    for entry in value["keys"]:
        for field in ("valid_from", "valid_until"):
            if entry[field] is None:
                del entry[field]
    return dump_json(value)


def pins_of(file: TrustFile, *, what: str = "the trust file") -> Pins:
    """What the file says, as values.

    Raises:
        Untrusted: an entry is not valid, or two have one id or one key.
    """
    if max(len(file.keys), len(file.secrets), len(file.revocations)) > MAX_ENTRIES:
        raise Untrusted(f"{what} is too long", expected=f"at most {MAX_ENTRIES} entries of a kind")
    ids = [entry.id for entry in file.keys] + [entry.id for entry in file.secrets]
    for one in ids:
        if not _ID.fullmatch(one) or ids.count(one) > 1:
            raise Untrusted(
                f"{what} has an id that cannot be used",
                expected="each id once: letters, digits, '.', '_' and '-', at most 64",
                actual=ascii(one)[:80],
            )
    keys = tuple(_pin(entry, what) for entry in file.keys)
    if len({pin.key for pin in keys}) != len(keys):
        raise Untrusted(f"{what} pins one key twice", expected="one entry a key")
    for revocation in file.revocations:
        check_revocation(revocation, keys)
    return Pins(keys, tuple(_secret(entry, what) for entry in file.secrets), file.revocations)


def _pin(entry: KeyEntry, what: str) -> Pin:
    where = f"{what}: {entry.id}"
    _check_roles(entry.roles, tuple(ROLES), where)
    key = parse_public_key(entry.public_key.encode("utf-8"))
    start, end = _moment(entry.valid_from, where), _moment(entry.valid_until, where)
    if start is not None and end is not None and start >= end:
        raise Untrusted(f"{where} is never valid", expected="valid_from before valid_until")
    return Pin(key, entry.id, frozenset(entry.roles), start, end)


def _secret(entry: SecretEntry, what: str) -> SecretPin:
    where = f"{what}: {entry.id}"
    _check_roles(entry.roles, (TRAINER,), where)
    if not _SECRET.fullmatch(entry.fingerprint):
        raise Untrusted(f"{where} has no fingerprint of a secret", actual=entry.fingerprint[:80])
    return SecretPin(entry.id, entry.fingerprint)


def _check_roles(roles: tuple[str, ...], known: tuple[str, ...], where: str) -> None:
    if not roles or len(set(roles)) != len(roles) or not set(roles) <= set(known):
        raise Untrusted(
            f"{where} has roles that it cannot have",
            expected=f"one or more of {', '.join(known)}, each once",
            actual=", ".join(map(ascii, roles[:5])) or "none",
            hint="whoever can check a shared secret can forge with it: it never vouches for a "
            "bundle"
            if known == (TRAINER,)
            else None,
        )


def _moment(text: str | None, where: str) -> datetime | None:
    if text is None:
        return None
    moment = moment_in(text)
    if moment is None:
        raise Untrusted(
            f"{where} has a moment that is none",
            expected="ISO 8601 with an offset, such as 2030-01-31T00:00:00+00:00",
            actual=text[:40],
        )
    return moment
