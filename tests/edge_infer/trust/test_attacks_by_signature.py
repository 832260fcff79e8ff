"""What an attacker may try with signatures; each test is named for the attack."""

from __future__ import annotations

import dataclasses
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from edge_infer.errors import BadInput, EdgeInferError, Untrusted
from edge_infer.trust import (
    VerifiedStatement,
    VerifiedTree,
    verify_file,
    verify_statement,
    verify_tree,
)
from edge_infer.trust.envelope import Envelope, pae, parse_envelope, write_envelope
from edge_infer.trust.signing import sign_file, sign_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refused(call: Callable[[], object], *words: str) -> EdgeInferError:
    with pytest.raises(Untrusted) as error:
        call()
    for word in words:
        assert word in str(error.value)
    assert error.value.exit_code == 3
    return error.value


def test_honest_tree_is_trusted(fleet: Any, tree: Path) -> None:
    verified = verify_tree(tree, fleet.pub)
    assert verified.key == fleet.public
    assert verified.files == {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in tree.rglob("*")
        if path.is_file() and path.name != "model.sig"
    }
    assert verified.sizes == {name: len(data) for name, data in verified.files.items()}
    assert verified.statement.digests.keys() == verified.files.keys()


def test_missing_signature(fleet: Any, tree: Path) -> None:
    (tree / "model.sig").unlink()
    refused(lambda: verify_tree(tree, fleet.pub), "has no model.sig")


def test_empty_signature(fleet: Any, tree: Path) -> None:
    (tree / "model.sig").write_bytes(b"")
    refused(lambda: verify_tree(tree, fleet.pub), "is empty")


def test_wrong_key_names_both_fingerprints(fleet: Any, stranger: Any, tree: Path) -> None:
    refused(
        lambda: verify_tree(tree, stranger.pub),
        "another key",
        stranger.public.fingerprint,
        stranger.public.hint,
        fleet.public.hint,
    )


def test_unknown_key_id_decides_nothing(fleet: Any, stranger: Any, tree: Path) -> None:
    """Neither a hint nor a key id authorises or refuses: the key that verifies does."""
    bundle = json.loads((tree / "model.sig").read_bytes())
    bundle["verificationMaterial"]["publicKey"]["hint"] = stranger.public.hint
    bundle["dsseEnvelope"]["signatures"][0]["keyid"] = "stranger"
    (tree / "model.sig").write_text(json.dumps(bundle))
    assert verify_tree(tree, fleet.pub).key == fleet.public
    refused(lambda: verify_tree(tree, stranger.pub), "no valid signature")


def test_revoked_key_is_one_no_longer_trusted(
    fleet: Any, stranger: Any, tree: Path, sign_into: Callable[..., Path], tmp_path: Path
) -> None:
    renewed = sign_into(tmp_path / "renewed", signer=stranger)
    assert verify_tree(tree, [fleet.pub, stranger.pub]).key == fleet.public
    assert verify_tree(renewed, [fleet.pub, stranger.pub]).key == stranger.public
    refused(lambda: verify_tree(tree, [stranger.pub]), "another key")


def test_key_embedded_in_the_bundle_by_the_attacker_is_ignored(
    fleet: Any, stranger: Any, sign_into: Callable[..., Path], tmp_path: Path
) -> None:
    root = sign_into(tmp_path / "artifact", signer=stranger)
    bundle = json.loads((root / "model.sig").read_bytes())
    bundle["verificationMaterial"] = {
        "publicKey": {"rawBytes": stranger.public.pem.decode(), "hint": stranger.public.hint},
        "certificate": {"rawBytes": stranger.public.pem.decode()},
        "tlogEntries": [],
    }
    (root / "model.sig").write_text(json.dumps(bundle))
    refused(lambda: verify_tree(root, fleet.pub), "another key")


def test_only_an_untrusted_signature_is_valid(fleet: Any, stranger: Any, tree: Path) -> None:
    envelope = parse_envelope((tree / "model.sig").read_bytes())
    strangers = stranger.private.sign(pae(envelope.payload), ec.ECDSA(SHA256()))
    broken = envelope.signatures[0][:-1] + bytes([envelope.signatures[0][-1] ^ 1])
    mixed = dataclasses.replace(envelope, signatures=(strangers, broken, b"", bytes(64)))
    (tree / "model.sig").write_bytes(write_envelope(mixed))
    refused(lambda: verify_tree(tree, fleet.pub))
    assert verify_tree(tree, stranger.pub).key == stranger.public


def test_one_trusted_signature_among_others_is_enough(
    fleet: Any, stranger: Any, tree: Path
) -> None:
    envelope = parse_envelope((tree / "model.sig").read_bytes())
    strangers = stranger.private.sign(pae(envelope.payload), ec.ECDSA(SHA256()))
    for order in [(*envelope.signatures, bytes(64)), (bytes(64), strangers, *envelope.signatures)]:
        mixed = dataclasses.replace(envelope, signatures=order)
        (tree / "model.sig").write_bytes(write_envelope(mixed))
        assert verify_tree(tree, fleet.pub).key == fleet.public


def test_signature_over_the_payload_without_its_encoding(fleet: Any, tree: Path) -> None:
    """A signature made for another purpose over the same bytes is none of ours."""
    envelope = parse_envelope((tree / "model.sig").read_bytes())
    for message in (
        envelope.payload,
        b"DSSEV1" + pae(envelope.payload)[6:],
        pae(envelope.payload).replace(b"in-toto+json", b"in-toto+text"),
    ):
        bare = fleet.private.sign(message, ec.ECDSA(SHA256()))
        forged = write_envelope(dataclasses.replace(envelope, signatures=(bare,)))
        refused(lambda forged=forged: verify_statement(forged, [fleet.public]))  # type: ignore[misc]


def test_payload_is_not_parsed_before_its_signature_holds(
    fleet: Any, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "edge_infer.trust.authority.parse_statement", lambda _payload: pytest.fail("it was parsed")
    )
    forged = stranger.sign_payload(b"[" * 100)
    refused(lambda: verify_statement(forged, [fleet.public]), "another key")


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_signed_payload_that_is_no_statement(fleet: Any, payload: bytes) -> None:
    refused(lambda: verify_statement(fleet.sign_payload(payload), [fleet.public]))


@pytest.mark.parametrize("algorithm", ["sha1", "none", "md5", "SHA-256"])
def test_signed_statement_with_another_hash(fleet: Any, tree: Path, algorithm: str) -> None:
    payload = parse_envelope((tree / "model.sig").read_bytes()).payload
    forged = payload.replace(b'"algorithm":"sha256"', b'"algorithm":"%b"' % algorithm.encode())
    assert forged != payload
    refused(lambda: verify_statement(fleet.sign_payload(forged), [fleet.public]), "algorithm")


def test_signature_file_larger_than_a_mebibyte_is_not_read(fleet: Any, tree: Path) -> None:
    with (tree / "model.sig").open("r+b") as file:
        file.truncate(1 << 40)
    tracemalloc.start()
    refused(lambda: verify_tree(tree, fleet.pub), "too large")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_verified_types_cannot_be_made_by_hand(fleet: Any, tree: Path) -> None:
    verified = verify_tree(tree, fleet.pub)
    with pytest.raises(TypeError, match="only a verifier"):
        VerifiedStatement(fleet.public, verified.statement, seal=object())
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(verified, files={})
    with pytest.raises(TypeError):
        verified.files["model.onnx"] = b"evil"  # type: ignore[index]
    with pytest.raises(TypeError, match="only a verifier"):
        VerifiedTree(tree, fleet.public, verified.statement, {}, {}, "", seal=None)


# Single files, such as a pickle


def test_honest_file_is_trusted_under_any_name(fleet: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"pickle")
    signature = sign_file(path, key=fleet.key)
    assert verify_file(b"pickle", signature, fleet.pub, name="renamed.pkl") == fleet.public
    assert not (tmp_path / "model.pkl.sig").exists()


def test_signature_of_another_file(fleet: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"pickle")
    signature = sign_file(path, key=fleet.private)
    refused(
        lambda: verify_file(b"evil", signature, fleet.pub, name="model.pkl"),
        "model.pkl is not the file that was signed",
    )


def test_file_signed_by_a_stranger(fleet: Any, stranger: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"pickle")
    signature = sign_file(path, key=stranger.private)
    refused(lambda: verify_file(b"pickle", signature, fleet.pub, name="m"), "another key")


def test_signature_of_a_tree_is_none_of_a_file_and_the_reverse(
    fleet: Any, tree: Path, tmp_path: Path
) -> None:
    onnx = (tree / "model.onnx").read_bytes()
    alone = sign_tree({"model.onnx": onnx}, key=fleet.private, name="model.onnx")
    refused(lambda: verify_file(onnx, alone, fleet.pub, name="model.onnx"), "a directory")
    (tmp_path / "file").write_bytes(onnx)
    (tree / "model.sig").write_bytes(sign_file(tmp_path / "file", key=fleet.private))
    refused(lambda: verify_tree(tree, fleet.pub), "extra: ")
    with pytest.raises(BadInput):
        sign_tree({".": onnx}, key=fleet.private, name="m")


def test_link_is_not_signed(fleet: Any, tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    refused(lambda: sign_file(tmp_path / "link", key=fleet.private), "symbolic link")
    refused(lambda: sign_tree({"a": tmp_path / "link"}, key=fleet.private, name="m"))


def test_more_files_than_a_signature_holds_are_not_signed(fleet: Any) -> None:
    many = {f"folder/file{i:05}": b"" for i in range(9_000)}
    with pytest.raises(BadInput, match="too many files"):
        sign_tree(many, key=fleet.private, name="m")


def test_envelope_of_nothing(fleet: Any) -> None:
    refused(lambda: verify_statement(write_envelope(Envelope(b"", (b"",), None)), [fleet.public]))
    with pytest.raises(Untrusted):
        verify_statement(write_envelope(Envelope(b"", (b"",), None)), [])
