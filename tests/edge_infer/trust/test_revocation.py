"""Revocations: who may make them, and that nothing brings a key back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from edge_infer.errors import BadInput, Untrusted
from edge_infer.trust import editing, verify_tree
from edge_infer.trust.envelope import pae
from edge_infer.trust.pins import PUBLISHER, REVOKER, TRAINER, Pin, Pins
from edge_infer.trust.revocation import (
    Revocation,
    check_revocation,
    parse_revocation,
    revoke,
    signed_bytes,
    write_revocation,
)
from edge_infer.trust.trust_file import TrustFile, write_trust_file

if TYPE_CHECKING:
    from pathlib import Path

ROLE = frozenset({PUBLISHER})


@pytest.fixture
def file(fleet: Any, stranger: Any) -> TrustFile:
    """A publisher and, offline, a revoker."""
    pinned = editing.add_key(editing.EMPTY, fleet.public, name="fleet", roles=(PUBLISHER,))
    return editing.add_key(pinned, stranger.public, name="offline", roles=(REVOKER,))


@pytest.mark.parametrize("by", ["fleet", "stranger"])
def test_a_revoked_key_vouches_for_nothing(
    request: pytest.FixtureRequest, file: TrustFile, fleet: Any, tree: Path, tmp_path: Path, by: str
) -> None:
    path = tmp_path / "t"
    path.write_bytes(write_trust_file(file))
    assert verify_tree(tree, path).pin.id == "fleet"
    private = request.getfixturevalue(by).private
    made = revoke(fleet.public.fingerprint, key=private, reason="stolen laptop")
    path.write_bytes(write_trust_file(editing.add_revocation(file, made)))
    for trust in (path, [path, fleet.pub], [fleet.public, path]):
        with pytest.raises(Untrusted, match="publisher") as caught:
            verify_tree(tree, trust)
        assert "revoked: stolen laptop" in str(caught.value)


def test_a_publisher_cannot_revoke_another(fleet: Any, stranger: Any) -> None:
    made = revoke(stranger.public.fingerprint, key=fleet.private)
    for roles in (ROLE, frozenset({TRAINER, PUBLISHER})):
        with pytest.raises(Untrusted, match="without the role revoker"):
            check_revocation(made, [Pin(fleet.public, "f", roles), Pin(stranger.public)])


def test_a_revocation_by_nobody_pinned_is_refused(file: TrustFile, fleet: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    made = revoke(fleet.public.fingerprint, key=ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(Untrusted, match="not pinned"):
        editing.add_revocation(file, made)


@pytest.mark.parametrize("field", ["revokes", "by", "reason", "signature"])
def test_a_changed_revocation_is_refused(
    file: TrustFile, fleet: Any, stranger: Any, field: str
) -> None:
    made = revoke(fleet.public.fingerprint, key=stranger.private, reason="lost")
    other = {
        "revokes": stranger.public.fingerprint,
        "by": fleet.public.fingerprint,
        "reason": "lost.",
        "signature": made.signature[:-4] + "AAAA",
    }
    editing.add_revocation(file, made)
    with pytest.raises(Untrusted):
        editing.add_revocation(file, dataclasses.replace(made, **{field: other[field]}))


def test_a_signature_of_something_else_is_no_revocation(file: TrustFile, fleet: Any) -> None:
    """The payload type parts them: the same bytes signed as a statement revoke nothing."""
    import base64

    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256

    name = fleet.public.fingerprint
    made = revoke(name, key=fleet.private)
    payload = signed_bytes(name, name, "").split(b" ", 4)[4]
    other = fleet.private.sign(pae(payload), ec.ECDSA(SHA256()))
    forged = dataclasses.replace(made, signature=base64.b64encode(other).decode())
    editing.add_revocation(file, made)
    with pytest.raises(Untrusted, match="does not hold"):
        editing.add_revocation(file, forged)


def test_taking_a_revocation_up_twice_is_taking_it_up_once(file: TrustFile, fleet: Any) -> None:
    made = revoke(fleet.public.fingerprint, key=fleet.private)
    once = editing.add_revocation(file, made)
    assert editing.add_revocation(once, made) == once


def test_removing_the_revoker_does_not_bring_the_key_back(
    file: TrustFile, fleet: Any, stranger: Any
) -> None:
    made = revoke(fleet.public.fingerprint, key=stranger.private)
    with pytest.raises(Untrusted, match="not pinned"):
        editing.remove(editing.add_revocation(file, made), "offline")


def test_removing_a_key_takes_its_own_revocation_along(file: TrustFile, fleet: Any) -> None:
    made = revoke(fleet.public.fingerprint, key=fleet.private)
    smaller = editing.remove(editing.add_revocation(file, made), "fleet")
    assert ([entry.id for entry in smaller.keys], smaller.revocations) == (["offline"], ())


def test_a_revocation_outlives_the_revocation_of_its_signer(fleet: Any, stranger: Any) -> None:
    first = revoke(fleet.public.fingerprint, key=stranger.private)
    second = revoke(stranger.public.fingerprint, key=stranger.private)
    keys = (Pin(fleet.public, "f", ROLE), Pin(stranger.public, "s", frozenset({REVOKER})))
    assert Pins(keys, revocations=(first, second)).usable(PUBLISHER) == ()


@pytest.mark.parametrize("reason", ["x" * 201, "a\nb", "\x1b[2J"])
def test_a_reason_that_cannot_be_shown_is_not_signed(fleet: Any, reason: str) -> None:
    with pytest.raises(BadInput):
        revoke(fleet.public.fingerprint, key=fleet.private, reason=reason)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"{", b"x" * 5000])
def test_what_is_no_revocation_is_refused(data: bytes) -> None:
    with pytest.raises(Untrusted):
        parse_revocation(data)


def test_reading_undoes_writing() -> None:
    made = Revocation("SHA256:a", "SHA256:b", "why", "AA==")
    assert parse_revocation(write_revocation(made)) == made
