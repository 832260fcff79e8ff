from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from edge_infer.errors import BadInput, Unavailable, Untrusted
from edge_infer.trust import parse_public_key
from edge_infer.trust.keygen import generate, load_private_key, public_key
from edge_infer.trust.signing import sign_tree

if TYPE_CHECKING:
    from pathlib import Path


def test_pair_is_written_private_and_public(tmp_path: Path) -> None:
    key, pub = generate(tmp_path / "fleet.v1")
    assert (key, pub) == (tmp_path / "fleet.v1.key", tmp_path / "fleet.v1.pub")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert parse_public_key(pub.read_bytes()) == public_key(load_private_key(key))
    assert parse_public_key(pub.read_bytes()).pem == pub.read_bytes()


def test_two_pairs_differ(tmp_path: Path) -> None:
    assert generate(tmp_path / "a")[1].read_bytes() != generate(tmp_path / "b")[1].read_bytes()


def test_private_key_stays_private_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        key, _ = generate(tmp_path / "fleet")
    finally:
        os.umask(before)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize("existing", ["fleet.key", "fleet.pub"])
def test_no_key_is_overwritten(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_bytes(b"precious")
    with pytest.raises(BadInput, match="exists already"):
        generate(tmp_path / "fleet")
    assert [path.name for path in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_bytes() == b"precious"


def test_key_written_by_another_in_the_meantime_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for existing in ("fleet.key", "fleet.pub"):
        (tmp_path / existing).write_bytes(b"precious")
        with monkeypatch.context() as patch:
            patch.setattr(os.path, "lexists", lambda _path: False)
            with pytest.raises(BadInput, match="exists already"):
                generate(tmp_path / "fleet")
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
            existing: b"precious"
        }
        (tmp_path / existing).unlink()


def test_key_is_not_written_through_a_planted_link(tmp_path: Path) -> None:
    (tmp_path / "fleet.key").symlink_to(tmp_path / "stolen")
    with pytest.raises(BadInput, match="exists already"):
        generate(tmp_path / "fleet")
    assert not (tmp_path / "stolen").exists()


def test_missing_folder_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no directory"):
        generate(tmp_path / "missing" / "fleet")
    assert list(tmp_path.iterdir()) == []


def test_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="cannot write"):
        generate(tmp_path / "fleet")
    assert list(tmp_path.iterdir()) == []


def test_private_half_is_not_left_without_its_public_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def full_at_the_second(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_at_the_second)
    with pytest.raises(Unavailable):
        generate(tmp_path / "fleet")
    assert list(tmp_path.iterdir()) == []


def test_encrypted_key_needs_its_passphrase(tmp_path: Path) -> None:
    key, pub = generate(tmp_path / "fleet", passphrase="grün")
    assert key.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    loaded = load_private_key(key, passphrase="grün")
    assert public_key(loaded).pem == pub.read_bytes()
    for wrong in (None, "", "gruen"):
        with pytest.raises(BadInput):
            load_private_key(key, passphrase=wrong)


def test_empty_or_needless_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="passphrase is empty"):
        generate(tmp_path / "fleet", passphrase="")
    key, _ = generate(tmp_path / "fleet")
    with pytest.raises(BadInput, match="not encrypted"):
        load_private_key(key, passphrase="x")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o777])
def test_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    key, _ = generate(tmp_path / "fleet")
    key.chmod(mode)
    with pytest.raises(BadInput, match="others") as refused:
        load_private_key(key)
    assert "chmod 600" in str(refused.value)
    with pytest.raises(BadInput):
        sign_tree({"a": b""}, key=key, name="m")


def write_key(path: Path, key: Any) -> Path:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(pem)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    "other",
    [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()],
    ids=["P-384", "Ed25519"],
)
def test_key_of_another_kind_does_not_sign(tmp_path: Path, other: Any) -> None:
    with pytest.raises(BadInput, match="another kind"):
        load_private_key(write_key(tmp_path / "other.key", other))


def test_what_is_no_private_key_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    other.write_bytes(b"not PEM")
    other.chmod(0o600)
    with pytest.raises(BadInput, match="cannot be read as a private key"):
        load_private_key(other)
    with pytest.raises(BadInput, match="there is no file"):
        load_private_key(tmp_path / "missing.key")
    with pytest.raises(Untrusted):
        load_private_key(tmp_path)


def test_without_cryptography_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(Unavailable, match="cryptography"):
        generate(tmp_path / "fleet")
    with pytest.raises(Unavailable, match="cryptography"):
        load_private_key(tmp_path / "fleet.key")


def test_a_public_key_where_a_private_one_is_due_is_called_that(tmp_path: Path) -> None:
    _, public = generate(tmp_path / "fleet")
    with pytest.raises(BadInput, match="public key") as caught:
        load_private_key(public)
    assert "fleet.key" in str(caught.value.hint)
    assert "chmod" not in str(caught.value)
