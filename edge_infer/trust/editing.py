"""Changes to a trust file: pure functions from one to the next, each checked as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge_infer.errors import BadInput
from edge_infer.trust.trust_file import FORMAT, KeyEntry, SecretEntry, TrustFile, pins_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_infer.trust.keys import PublicKey
    from edge_infer.trust.revocation import Revocation

EMPTY = TrustFile(FORMAT, ())


def add_key(
    file: TrustFile,
    key: PublicKey,
    *,
    name: str,
    roles: Sequence[str],
    valid_from: str | None = None,
    valid_until: str | None = None,
) -> TrustFile:
    """Pin `key` too.

    Raises:
        Untrusted: id, role, moment or key cannot be added to this file.
    """
    entry = KeyEntry(name, key.pem.decode("ascii"), tuple(roles), valid_from, valid_until)
    return _checked(replace(file, keys=(*file.keys, entry)))


def add_secret(file: TrustFile, fingerprint: str, *, name: str, roles: Sequence[str]) -> TrustFile:
    """Pin a shared secret by its fingerprint; its one possible role is `trainer`.

    Raises:
        Untrusted: id or role cannot be added to this file.
    """
    entry = SecretEntry(name, fingerprint, tuple(roles))
    return _checked(replace(file, secrets=(*file.secrets, entry)))


def remove(file: TrustFile, name: str) -> TrustFile:
    """No longer pin what is called `name`; what stays is checked without it.

    Raises:
        BadInput: nothing is called so.
        Untrusted: a revocation was signed by it: removing it would bring a key back.
    """
    smaller = replace(
        file,
        keys=tuple(one for one in file.keys if one.id != name),
        secrets=tuple(one for one in file.secrets if one.id != name),
    )
    if smaller == file:
        raise _unknown(file, name)
    gone = fingerprints(file).get(name)
    # The revocation of a key by itself is of no use once it is not pinned any more.
    kept = tuple(one for one in file.revocations if not one.by == one.revokes == gone)
    return _checked(replace(smaller, revocations=kept))


def add_revocation(file: TrustFile, revocation: Revocation) -> TrustFile:
    """Take up a revocation.

    Raises:
        Untrusted: nobody pinned who may has signed it.
    """
    if revocation in file.revocations:
        return file
    return _checked(replace(file, revocations=(*file.revocations, revocation)))


def fingerprints(file: TrustFile) -> dict[str, str]:
    """Id to the fingerprint of each pinned key."""
    return {pin.id: pin.key.fingerprint for pin in pins_of(file).keys if pin.id is not None}


def fingerprint_of(file: TrustFile, name: str) -> str:
    """The fingerprint of the key called `name`.

    Raises:
        BadInput: no key is called so.
    """
    found = fingerprints(file).get(name)
    if found is None:
        raise _unknown(file, name)
    return found


def _checked(file: TrustFile) -> TrustFile:
    pins_of(file)
    return file


def _unknown(file: TrustFile, name: str) -> BadInput:
    names = [one.id for one in file.keys] + [one.id for one in file.secrets]
    return BadInput(
        "the trust file pins nothing of that id",
        expected=", ".join(names) or "nothing is pinned",
        actual=ascii(name)[:80],
    )
