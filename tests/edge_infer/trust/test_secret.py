"""Shared secrets: what they may authorise, and the digests that are refused in their place."""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from edge_infer.errors import BadInput, Untrusted
from edge_infer.trust import editing, read_pins, verify_tree
from edge_infer.trust.secret import (
    Secret,
    authenticate,
    generate_secret,
    read_secret,
    verify_hmac,
)
from edge_infer.trust.trust_file import write_trust_file

if TYPE_CHECKING:
    from pathlib import Path

DATA = b"a pickle"
CONTENT = bytes(range(1, 33))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return generate_secret(tmp_path / "lab")


@pytest.fixture
def trust(secret: Path, tmp_path: Path) -> Path:
    file = editing.add_secret(
        editing.EMPTY, read_secret(secret).fingerprint, name="lab", roles=("trainer",)
    )
    path = tmp_path / "lab.trust"
    path.write_bytes(write_trust_file(file))
    return path


def test_a_pinned_secret_authenticates_a_pickle(secret: Path, trust: Path) -> None:
    tag = authenticate(DATA, read_secret(secret))
    assert verify_hmac(DATA, tag, secret, trust, name="model.pkl").id == "lab"
    with pytest.raises(Untrusted, match="not the file that was authenticated"):
        verify_hmac(DATA + b".", tag, secret, trust, name="model.pkl")


def test_every_flipped_bit_of_the_tag_is_refused(secret: Path, trust: Path) -> None:
    tag = authenticate(DATA, read_secret(secret))
    for i in range(len(tag)):
        for bit in range(8):
            flipped = tag[:i] + bytes([tag[i] ^ 1 << bit]) + tag[i + 1 :]
            with pytest.raises(Untrusted):
                verify_hmac(DATA, flipped, secret, trust, name="model.pkl")


def test_the_file_is_private_and_random(tmp_path: Path) -> None:
    one, two = (generate_secret(tmp_path / name) for name in ("one", "two"))
    assert one.stat().st_mode & 0o777 == 0o600
    assert read_secret(one).content != read_secret(two).content
    assert len(read_secret(one).content) == 32
    with pytest.raises(BadInput, match="exists already"):
        generate_secret(tmp_path / "one")


def test_a_secret_that_is_not_pinned_authorises_nothing(
    secret: Path, trust: Path, fleet: Any, tmp_path: Path
) -> None:
    other = generate_secret(tmp_path / "other")
    tag = authenticate(DATA, read_secret(other))
    for pins in (trust, fleet.pub):
        with pytest.raises(Untrusted, match="not pinned"):
            verify_hmac(DATA, tag, other, pins, name="model.pkl")


def test_a_secret_vouches_for_no_bundle(secret: Path, trust: Path, tree: Path) -> None:
    with pytest.raises(Untrusted, match="no key is trusted as publisher"):
        verify_tree(tree, trust)
    (tree / "model.sig").write_bytes(authenticate(DATA, read_secret(secret)))
    with pytest.raises(Untrusted):
        verify_tree(tree, trust)


def test_a_secret_is_not_trusted_without_its_name(secret: Path) -> None:
    with pytest.raises(Untrusted, match="whoever checks with it can forge"):
        read_pins(secret)


def test_attack_a_public_key_offered_as_the_secret(fleet: Any, trust: Path) -> None:
    """The confusion of JSON Web Tokens: what everybody knows would authenticate."""
    tag = b"HMAC-SHA256 %b\n" % hmac.digest(fleet.public.pem, DATA, "sha256").hex().encode()
    with pytest.raises(Untrusted, match="everybody knows"):
        verify_hmac(DATA, tag, fleet.pub, trust, name="model.pkl")


WEAK = {
    "sha1": hashlib.sha1(DATA).hexdigest(),
    "hmac sha1": "HMAC-SHA1 " + hmac.digest(CONTENT, DATA, "sha1").hex(),
    "hmac sha1 of a tutorial": hmac.digest(CONTENT, DATA, "sha1").hex(),
    "sha1sum": hashlib.sha1(DATA).hexdigest() + "  model.pkl\n",
    "openssl": f"SHA1(model.pkl)= {hashlib.sha1(DATA).hexdigest()}\n",
    "md5": hashlib.md5(DATA).hexdigest(),
    "hmac md5": "HMAC-MD5 " + hmac.digest(CONTENT, DATA, "md5").hex(),
    "md5sum": hashlib.md5(DATA).hexdigest() + "  model.pkl\n",
}


@pytest.mark.parametrize("form", WEAK)
def test_sha1_and_md5_are_refused_with_the_reason_and_the_way_out(
    form: str, secret: Path, trust: Path
) -> None:
    with pytest.raises(Untrusted) as caught:
        verify_hmac(DATA, WEAK[form].encode(), secret, trust, name="model.pkl")
    assert ("MD5" if "md5" in form else "SHA-1") in str(caught.value)
    assert "edge-infer sign model.pkl --secret" in str(caught.value)


@pytest.mark.parametrize(
    "tag",
    [
        b"",
        b"none",
        b"HMAC-SHA256 ",
        b"HMAC-SHA256 " + b"0" * 63,
        b"HMAC-SHA256 " + b"A" * 64,
        b"hmac-sha256 " + b"0" * 64,
        hashlib.sha256(DATA).hexdigest().encode(),
        b"HMAC-SHA512 " + b"0" * 128,
        b"\xff" * 100,
    ],
)
def test_a_tag_of_another_form_is_refused(tag: bytes, secret: Path, trust: Path) -> None:
    with pytest.raises(Untrusted):
        verify_hmac(DATA, tag, secret, trust, name="model.pkl")


@pytest.mark.parametrize("content", [b"", CONTENT[:31], b"x" * 64, b"password" * 8])
def test_a_secret_that_can_be_guessed_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match="can be guessed"):
        Secret(content)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_secret_that_others_can_read_is_refused(secret: Path, mode: int) -> None:
    secret.chmod(mode)
    with pytest.raises(BadInput, match="by others"):
        read_secret(secret)


@pytest.mark.parametrize(
    "data", [b"", b"hunter2", b"edge-infer secret 1\n!!", b"edge-infer secret 2\nAAAA"]
)
def test_what_is_no_secret_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.secret"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(BadInput):
        read_secret(path)


def test_the_secret_is_in_no_text_about_it() -> None:
    secret = Secret(CONTENT)
    for text in (repr(secret), str(secret), secret.fingerprint):
        assert CONTENT.hex() not in text
        assert repr(CONTENT) not in text


def test_a_link_is_followed_only_as_the_callers_own(secret: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(secret)
    assert read_secret(link) == read_secret(secret)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(Untrusted):
        read_secret(tmp_path / "fifo")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_gives_the_same_digits(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(DATA)
    option = f"hexkey:{CONTENT.hex()}"
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", option, tmp_path / "data"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == authenticate(DATA, Secret(CONTENT)).decode().split()[1]
