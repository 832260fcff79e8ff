"""Every byte of a signed artifact changed in turn: refused, or nothing signed has changed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edge_infer.errors import Untrusted
from edge_infer.trust import verify_statement, verify_tree
from edge_infer.trust.envelope import Envelope, parse_envelope, write_envelope

if TYPE_CHECKING:
    from collections.abc import Iterator


def flips(data: bytes, masks: tuple[int, ...]) -> Iterator[bytes]:
    for i in range(len(data)):
        for mask in masks:
            yield data[:i] + bytes([data[i] ^ mask]) + data[i + 1 :]


def test_one_bit_flipped_at_every_payload_byte(fleet: Any, tree: Path) -> None:
    envelope = parse_envelope((tree / "model.sig").read_bytes())
    refused = 0
    for payload in flips(envelope.payload, (0x01, 0x20, 0x80)):
        forged = write_envelope(Envelope(payload, envelope.signatures, envelope.hint))
        try:
            verify_statement(forged, [fleet.public])
        except Untrusted:
            refused += 1
    assert refused == 3 * len(envelope.payload) > 1500


def test_one_bit_flipped_at_every_signature_byte(fleet: Any, tree: Path) -> None:
    envelope = parse_envelope((tree / "model.sig").read_bytes())
    refused = 0
    for signature in flips(envelope.signatures[0], tuple(1 << bit for bit in range(8))):
        forged = write_envelope(Envelope(envelope.payload, (signature,), envelope.hint))
        try:
            verify_statement(forged, [fleet.public])
        except Untrusted:
            refused += 1
    assert refused == 8 * len(envelope.signatures[0]) > 500


def test_one_byte_flipped_anywhere_in_model_sig(fleet: Any, tree: Path) -> None:
    """The unsigned bytes may change without a consequence; then the payload is the very same."""
    signature = (tree / "model.sig").read_bytes()
    honest = verify_statement(signature, [fleet.public])
    unsigned = json.loads(signature)["verificationMaterial"]
    accepted = refused = 0
    for forged in flips(signature, (0x01, 0x20, 0x80)):
        try:
            verified = verify_statement(forged, [fleet.public])
        except Untrusted:
            refused += 1
        else:
            accepted += 1
            assert verified == honest
            assert parse_envelope(forged).payload == parse_envelope(signature).payload
    assert accepted + refused == 3 * len(signature)
    # Only the hint's text, the names of fields in the material, and `keyid` can absorb a flip.
    assert accepted <= 3 * (len(json.dumps(unsigned)) + len('"keyid":""'))


def test_one_byte_flipped_anywhere_in_any_file(fleet: Any, tree: Path) -> None:
    paths = [path for path in sorted(tree.rglob("*")) if path.is_file()]
    assert len(paths) == 4
    refused = 0
    for path in paths:
        if path.name == "model.sig":
            continue
        honest = path.read_bytes()
        for forged in flips(honest, (0x01,)):
            path.write_bytes(forged)
            with pytest.raises(Untrusted, match=f"changed: {path.relative_to(tree).as_posix()}"):
                verify_tree(tree, fleet.pub)
            refused += 1
        path.write_bytes(honest)
    assert refused == sum(path.stat().st_size for path in paths if path.suffix != ".sig") > 70
    verify_tree(tree, fleet.pub)


def test_a_byte_more_or_less_at_the_end_of_any_file(fleet: Any, tree: Path) -> None:
    for name in ("model.onnx", "contract.json", "native/linux-x86_64.so"):
        honest = (tree / name).read_bytes()
        for forged in (honest + b"\0", honest + b"\n", honest[:-1], b""):
            (tree / name).write_bytes(forged)
            with pytest.raises(Untrusted, match=f"changed: {name}"):
                verify_tree(tree, fleet.pub)
        (tree / name).write_bytes(honest)


def test_every_truncation_of_model_sig(fleet: Any, tree: Path) -> None:
    signature = (tree / "model.sig").read_bytes()
    for end in range(len(signature)):
        with pytest.raises(Untrusted):
            verify_statement(signature[:end], [fleet.public])


@pytest.mark.deep
@pytest.mark.slow
def test_every_byte_of_a_real_artifact_flipped_in_turn(tmp_path: Path) -> None:
    """On disk, through the whole verification: 0 accepted but where no signed byte changed."""
    data = Path(__file__).parents[2] / "data" / "v1"
    root = shutil.copytree(data / "forest", tmp_path / "forest")
    honest = verify_tree(root, data / "fleet.pub")
    flipped, accepted = 0, []
    for path in sorted(root.iterdir()):
        content = path.read_bytes()
        with path.open("r+b", buffering=0) as file:
            for at, byte in enumerate(content):
                os.pwrite(file.fileno(), bytes([byte ^ 0x01]), at)
                flipped += 1
                with contextlib.suppress(Untrusted):
                    accepted.append((path.name, verify_tree(root, data / "fleet.pub").statement))
                os.pwrite(file.fileno(), bytes([byte]), at)
    assert flipped > 19_000
    assert {name for name, _ in accepted} <= {"model.sig"}
    assert all(statement == honest.statement for _, statement in accepted)
    unsigned = json.loads((root / "model.sig").read_bytes())["verificationMaterial"]
    assert len(accepted) <= len(json.dumps(unsigned)) + len('"keyid":""')
