"""Trust files: what they say is what is trusted, and nothing half-understood is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from edge_infer.errors import BadInput, Untrusted
from edge_infer.trust import editing, read_pins, read_trust, verify_file, verify_tree
from edge_infer.trust.pins import PUBLISHER, REVOKER, TRAINER, Pin, check_moment
from edge_infer.trust.revocation import parse_revocation, revoke, write_revocation
from edge_infer.trust.signing import sign_file
from edge_infer.trust.trust_file import parse_trust_file, pins_of, write_trust_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LATE = "2030-01-01T00:00:00+00:00"


def trust_file(path: Path, *entries: tuple[Any, str, tuple[str, ...]], **dates: Any) -> Path:
    file = editing.EMPTY
    for signer, name, roles in entries:
        file = editing.add_key(file, signer.public, name=name, roles=roles, **dates)
    path.write_bytes(write_trust_file(file))
    return path


def test_reading_undoes_writing(fleet: Any, stranger: Any) -> None:
    file = editing.add_key(
        editing.EMPTY, fleet.public, name="a", roles=(PUBLISHER,), valid_until=LATE
    )
    file = editing.add_key(file, stranger.public, name="b", roles=(REVOKER, TRAINER))
    file = editing.add_secret(file, "HMAC-SHA256:" + "0" * 64, name="lab", roles=(TRAINER,))
    made = revoke(fleet.public.fingerprint, key=stranger.private, reason="lost")
    file = editing.add_revocation(file, made)
    assert parse_trust_file(write_trust_file(file), what="t") == file
    assert parse_revocation(write_revocation(made)) == made
    pin = pins_of(file).keys[0]
    assert pin == Pin(
        fleet.public, "a", frozenset({PUBLISHER}), None, datetime(2030, 1, 1, tzinfo=UTC)
    )


def test_a_bare_public_key_file_may_train_and_publish(fleet: Any) -> None:
    pins = read_pins(fleet.pub)
    assert [pins.usable(role) != () for role in (TRAINER, PUBLISHER, REVOKER)] == [
        True,
        True,
        False,
    ]


def test_a_trainer_cannot_vouch_for_a_bundle(fleet: Any, tree: Path, tmp_path: Path) -> None:
    trust = trust_file(tmp_path / "t", (fleet, "ann", (TRAINER,)))
    with pytest.raises(Untrusted, match="no key is trusted as publisher"):
        verify_tree(tree, trust)


def test_a_trainer_beside_a_publisher_cannot_vouch_for_a_bundle(
    fleet: Any, stranger: Any, tree: Path, tmp_path: Path
) -> None:
    trust = trust_file(tmp_path / "t", (fleet, "ann", (TRAINER,)), (stranger, "pub", (PUBLISHER,)))
    with pytest.raises(Untrusted, match="may not vouch for this as publisher") as caught:
        verify_tree(tree, trust)
    assert "trusted as trainer only" in str(caught.value)
    assert "ann" in str(caught.value)


def test_a_publisher_cannot_authorise_unpickling(fleet: Any, stranger: Any, tmp_path: Path) -> None:
    pickle = tmp_path / "model.pkl"
    pickle.write_bytes(b"pickle")
    signature = sign_file(pickle, key=fleet.private)
    trust = trust_file(tmp_path / "t", (fleet, "f", (PUBLISHER,)), (stranger, "s", (TRAINER,)))
    with pytest.raises(Untrusted, match="may not vouch for this as trainer"):
        verify_file(b"pickle", signature, trust, name="model.pkl")
    trust = trust_file(tmp_path / "t", (fleet, "f", (TRAINER,)))
    assert verify_file(b"pickle", signature, trust, name="model.pkl") == fleet.public


def test_a_revoker_vouches_for_nothing(fleet: Any, tree: Path, tmp_path: Path) -> None:
    with pytest.raises(Untrusted):
        verify_tree(tree, trust_file(tmp_path / "t", (fleet, "off", (REVOKER,))))


def test_two_active_keys_for_rotation(
    fleet: Any, stranger: Any, sign_into: Callable[..., Path], tmp_path: Path
) -> None:
    both = trust_file(
        tmp_path / "t", (fleet, "now", (PUBLISHER,)), (stranger, "next", (PUBLISHER,))
    )
    old = sign_into(tmp_path / "old")
    new = sign_into(tmp_path / "new", signer=stranger)
    assert verify_tree(old, both).pin.id == "now"
    assert verify_tree(new, both).pin.id == "next"
    file = editing.remove(parse_trust_file(both.read_bytes(), what="t"), "now")
    both.write_bytes(write_trust_file(file))
    assert verify_tree(new, both).pin.id == "next"
    with pytest.raises(Untrusted):
        verify_tree(old, both)


def test_a_bare_file_does_not_widen_what_a_trust_file_says(
    fleet: Any, tree: Path, tmp_path: Path
) -> None:
    trust = trust_file(tmp_path / "t", (fleet, "ann", (TRAINER,)))
    for order in ([trust, fleet.pub], [fleet.pub, trust]):
        with pytest.raises(Untrusted):
            verify_tree(tree, order)


def test_two_trust_files_that_contradict_each_other_are_refused(fleet: Any, tmp_path: Path) -> None:
    one = trust_file(tmp_path / "one", (fleet, "ann", (TRAINER,)))
    two = trust_file(tmp_path / "two", (fleet, "ann", (PUBLISHER,)))
    with pytest.raises(Untrusted, match="different things"):
        read_pins([one, two])


def test_validity_is_half_open(fleet: Any) -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    pin = Pin(fleet.public, "f", frozenset({PUBLISHER}), start, end)
    check_moment(pin, start, "it")
    check_moment(pin, datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), "it")
    for outside in (end, datetime(2025, 12, 31, tzinfo=UTC)):
        with pytest.raises(Untrusted, match="outside the validity"):
            check_moment(pin, outside, "it")


def test_a_retired_key_authorises_no_unpickling(fleet: Any, tmp_path: Path) -> None:
    pickle = tmp_path / "model.pkl"
    pickle.write_bytes(b"pickle")
    signature = sign_file(pickle, key=fleet.private)
    trust = trust_file(tmp_path / "t", (fleet, "f", (TRAINER,)), valid_until=LATE)
    verified = {"name": "model.pkl", "moment": datetime(2029, 1, 1, tzinfo=UTC)}
    assert verify_file(b"pickle", signature, trust, **verified) == fleet.public
    verified["moment"] = datetime(2030, 1, 1, tzinfo=UTC)
    with pytest.raises(Untrusted, match="validity"):
        verify_file(b"pickle", signature, trust, **verified)


PEM = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"


def changed(value: dict[str, Any], path: str, new: Any) -> dict[str, Any]:
    copy = json.loads(json.dumps(value))
    *parents, last = path.split("/")
    place: Any = copy
    for part in parents:
        place = place[int(part) if part.isdigit() else part]
    place[int(last) if last.isdigit() else last] = new
    return copy


CHANGES = {
    "no format": ("format", None),
    "a later format": ("format", 2),
    "format true": ("format", True),
    "an unknown field": ("verify", False),
    "an unknown field of a key": ("keys/0/trusted", True),
    "no list": ("keys", {}),
    "another kind of key": ("keys/0/public_key", PEM),
    "an empty id": ("keys/0/id", ""),
    "an id with a newline": ("keys/0/id", "a\nb"),
    "an id with an escape": ("keys/0/id", "\x1b[2J"),
    "an id twice": ("keys/1/id", "fleet"),
    "no role": ("keys/0/roles", []),
    "a role twice": ("keys/0/roles", ["publisher", "publisher"]),
    "a role of its own": ("keys/0/roles", ["root"]),
    "a role as text": ("keys/0/roles", "publisher"),
    "a moment without offset": ("keys/0/valid_until", "2030-01-01T00:00:00"),
    "a moment that is none": ("keys/0/valid_until", "never"),
    "never valid": ("keys/0/valid_from", "2031-01-01T00:00:00+00:00"),
    "a secret that publishes": ("secrets/0/roles", ["publisher"]),
    "a secret that trains and publishes": ("secrets/0/roles", ["trainer", "publisher"]),
    "a secret itself": ("secrets/0/fingerprint", "hunter2"),
    "a secret of an id that is taken": ("secrets/0/id", "fleet"),
    "too many keys": ("keys", [{}] * 33),
}


@pytest.fixture
def honest(fleet: Any, stranger: Any) -> dict[str, Any]:
    file = editing.add_key(
        editing.EMPTY, fleet.public, name="fleet", roles=(PUBLISHER,), valid_until=LATE
    )
    file = editing.add_key(file, stranger.public, name="next", roles=(PUBLISHER,))
    file = editing.add_secret(file, "HMAC-SHA256:" + "0" * 64, name="lab", roles=(TRAINER,))
    value: dict[str, Any] = json.loads(write_trust_file(file))
    parse_trust_file(json.dumps(value).encode(), what="t")
    return value


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_with_anything_else_in_it_is_refused_whole(
    honest: dict[str, Any], change: str
) -> None:
    with pytest.raises(Untrusted):
        parse_trust_file(json.dumps(changed(honest, *CHANGES[change])).encode(), what="t")


def test_one_key_under_two_names_is_refused(honest: dict[str, Any]) -> None:
    twice = changed(honest, "keys/1/public_key", honest["keys"][0]["public_key"])
    with pytest.raises(Untrusted, match="twice"):
        parse_trust_file(json.dumps(twice).encode(), what="t")


@pytest.mark.parametrize("data", [b"{", b"{}", b"[]", b'{"format": 1, "format": 1}', b"{" * 99])
def test_what_is_no_trust_file_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(data)
    with pytest.raises(Untrusted):
        read_trust(tmp_path / "t")


def test_a_file_that_pins_nobody_trusts_nobody(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(write_trust_file(editing.EMPTY))
    with pytest.raises(Untrusted, match="nothing can be trusted"):
        read_pins(tmp_path / "t")


def test_removing_what_is_not_there_says_what_is(honest: dict[str, Any]) -> None:
    file = parse_trust_file(json.dumps(honest).encode(), what="t")
    with pytest.raises(BadInput, match="fleet, next, lab"):
        editing.remove(file, "flet")
    assert [entry.id for entry in editing.remove(file, "lab").secrets] == []


def test_the_groups_to_compare_are_the_first_hundred_bits(fleet: Any) -> None:
    import base64

    groups = fleet.public.grouped.split("-")
    assert [len(group) for group in groups] == [4] * 5
    digest = base64.b64decode(fleet.public.fingerprint.removeprefix("SHA256:") + "=")
    bits = base64.b32decode("".join(groups) + "====")
    assert bits == digest[:12]
