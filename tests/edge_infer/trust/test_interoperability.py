"""Both directions with OpenSSF's own `model_signing`, and with `openssl` alone."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edge_infer.errors import Untrusted
from edge_infer.trust import verify_file, verify_tree
from edge_infer.trust.envelope import pae, parse_envelope
from edge_infer.trust.keygen import load_private_key, public_key
from edge_infer.trust.signing import sign_file
from edge_infer.trust.statement import Statement, parse_statement

if TYPE_CHECKING:
    from collections.abc import Callable

STOCK = str(Path(sys.executable).with_name("model_signing"))

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed"
)


def run(*command: object, ok: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    return done


def stock_verifies(target: Path, signature: Path, signer: Any, *, ok: bool = True) -> None:
    run(STOCK, "verify", "key", target, "--public_key", signer.pub, "--signature", signature, ok=ok)


def write_plain(root: Path) -> Path:
    for name in ["model.onnx", "a/b", "a.b", "a-b/c", "B", "ä/z", "b c"]:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (root / "empty folder").mkdir()
    return root


def test_stock_tool_verifies_the_tree_we_sign(fleet: Any, stranger: Any, tree: Path) -> None:
    stock_verifies(tree, tree / "model.sig", fleet)
    stock_verifies(tree, tree / "model.sig", stranger, ok=False)
    (tree / "contract.json").write_text("{}")
    stock_verifies(tree, tree / "model.sig", fleet, ok=False)


def test_stock_tool_verifies_the_file_we_sign(fleet: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl.gz"
    path.write_bytes(b"\x1f\x8b")
    signature = tmp_path / "model.pkl.gz.sig"
    signature.write_bytes(sign_file(path, key=fleet.key))
    stock_verifies(path, signature, fleet)


def test_we_verify_the_tree_the_stock_tool_signs(fleet: Any, stranger: Any, tmp_path: Path) -> None:
    root = write_plain(tmp_path / "plain")
    run(STOCK, "sign", "key", root, "--private_key", fleet.key, "--signature", root / "model.sig")
    verified = verify_tree(root, fleet.pub)
    assert verified.files["ä/z"] == "ä/z".encode()
    assert verified.statement.name == "plain"
    assert Statement.of("plain", verified.statement.digests) == verified.statement
    with pytest.raises(Untrusted):
        verify_tree(root, stranger.pub)


def test_file_added_under_a_path_the_stock_tool_ignores_is_refused_here(
    fleet: Any, tmp_path: Path
) -> None:
    root = write_plain(tmp_path / "plain")
    signature = root / "model.sig"
    run(STOCK, "sign", "key", root, "--private_key", fleet.key, "--signature", signature)
    (root / ".github").mkdir()
    (root / ".github" / "evil.py").write_text("evil")
    stock_verifies(root, signature, fleet)
    with pytest.raises(Untrusted, match=r"(?s)extra: \.github/evil\.py"):
        verify_tree(root, fleet.pub)


def test_we_verify_the_file_the_stock_tool_signs(fleet: Any, tmp_path: Path) -> None:
    path, signature = tmp_path / "model.pkl", tmp_path / "model.pkl.sig"
    path.write_bytes(b"pickle")
    run(STOCK, "sign", "key", path, "--private_key", fleet.key, "--signature", signature)
    data = signature.read_bytes()
    assert verify_file(b"pickle", data, fleet.pub, name="model.pkl") == fleet.public
    with pytest.raises(Untrusted):
        verify_file(b"pickles", data, fleet.pub, name="model.pkl")


def test_our_payload_says_what_the_stock_tools_says(
    fleet: Any, tmp_path: Path, sign_into: Callable[..., Path]
) -> None:
    """Same names, digests, order and fields; only the list of ignored paths differs."""
    root = write_plain(tmp_path / "plain")
    contents = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }
    sign_into(root, contents)
    ours = parse_envelope((root / "model.sig").read_bytes())
    stock = ["sign", "key", root, "--private_key", fleet.key, "--signature", root / "model.sig"]
    run(STOCK, *stock)
    theirs = parse_envelope((root / "model.sig").read_bytes())
    assert ours.hint == theirs.hint
    values = [json.loads(envelope.payload) for envelope in (ours, theirs)]
    for value in values:
        assert "model.sig" in value["predicate"]["serialization"].pop("ignore_paths")
    assert values[0] == values[1]


@needs_openssl
def test_openssl_verifies_our_signature_over_the_rebuilt_encoding(
    fleet: Any, stranger: Any, tree: Path, tmp_path: Path
) -> None:
    envelope = json.loads((tree / "model.sig").read_bytes())["dsseEnvelope"]
    payload = base64.b64decode(envelope["payload"])
    (tmp_path / "pae").write_bytes(pae(payload))
    (tmp_path / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    for signer, ok in ((fleet, True), (stranger, False)):
        check = ["-verify", signer.pub, "-signature", tmp_path / "sig", tmp_path / "pae"]
        run("openssl", "dgst", "-sha256", *check, ok=ok)


@needs_openssl
def test_key_that_openssl_made_signs_and_verifies(tmp_path: Path) -> None:
    key, pub = tmp_path / "k.pem", tmp_path / "k.pub"
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    run("openssl", "ec", "-in", key, "-pubout", "-out", pub)
    key.chmod(0o600)
    path = tmp_path / "model.pkl"
    path.write_bytes(b"pickle")
    verifier = verify_file(b"pickle", sign_file(path, key=key), pub, name="model.pkl")
    assert verifier == public_key(load_private_key(key))
    assert verifier.pem == pub.read_bytes()


@needs_openssl
def test_openssl_makes_a_whole_signature_that_we_accept(fleet: Any, tree: Path) -> None:
    """A signer with nothing but openssl: same payload, its own signature."""
    bundle = json.loads((tree / "model.sig").read_bytes())
    payload = base64.b64decode(bundle["dsseEnvelope"]["payload"])
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", str(fleet.key)],
        input=pae(payload),
        capture_output=True,
        check=True,
    )
    bundle["dsseEnvelope"]["signatures"] = [{"sig": base64.b64encode(done.stdout).decode()}]
    (tree / "model.sig").write_text(json.dumps(bundle))
    verified = verify_tree(tree, fleet.pub)
    assert verified.statement == parse_statement(payload)
