"""Make a bundle: the artifact untouched, the runtime, a start script, one signature over all."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import edge_infer
from edge_infer.contract import read_contract
from edge_infer.errors import BadInput, Incompatible, Untrusted
from edge_infer.staging import staged_directory
from edge_infer.trust import SIGNATURE_NAME, read_file, verify_tree
from edge_infer.trust.signing import sign_tree
from firmware_bundle import manifest
from firmware_bundle.runtime import bytecode_tag, runtime_files

if TYPE_CHECKING:
    import os

    from edge_infer.contract import Contract
    from edge_infer.trust import Trust
    from edge_infer.trust.signing import SigningKey

TARGETS = ("generic",)
"""Any device with a Python from 3.11 on, numpy and onnxruntime."""

ARTIFACT = "artifact"
START = "run"
README = "README.txt"


def bundle(
    artifact: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    key: SigningKey,
    trust: Trust,
    target: str = "generic",
) -> Path:
    """Verify `artifact` under `trust` and write the bundle `out`, signed by `key`.

    Args:
        artifact: directory that `convert` wrote.
        out: directory to make.
        key: private key file of whoever publishes; its public half verifies the bundle.
        trust: public key file of whoever proved the artifact.
        target: which kind of device it is for.

    Raises:
        Untrusted: no trusted key vouches for every byte of the artifact.
        Incompatible: it is of another format or for another target, or no artifact.
        BadInput: `out` exists, the target is not known, or the key cannot be used.
        Unavailable: the disk is full or refuses; nothing is left behind.
    """
    if target not in TARGETS:
        raise BadInput("the target is not known", expected=", ".join(TARGETS), actual=target)
    proven = read_artifact_files(artifact, trust)
    contract = read_contract(proven["contract.json"])
    _check_target(contract, target)
    files = {f"{ARTIFACT}/{name}": content for name, content in proven.items()}
    files |= runtime_files()
    files[START] = _template(START)
    files[README] = _readme(contract)
    files[manifest.NAME] = manifest.write_manifest(_describe(files, contract, target))
    out = Path(out)
    signature = sign_tree(files, key=key, name=out.name)
    with staged_directory(out) as staging:
        for name, content in {**files, SIGNATURE_NAME: signature}.items():
            path = staging / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (staging / START).chmod(0o755)
    return out


def read_artifact_files(artifact: str | os.PathLike[str], trust: Trust) -> dict[str, bytes]:
    """Name to content of an artifact's files, its signature among them, all verified.

    Raises:
        Untrusted: no trusted key vouches for every byte.
        Incompatible: it is signed, but no artifact.
        BadInput: there is no such directory.
    """
    tree = verify_tree(artifact, trust, moment=datetime.now(UTC))
    if "contract.json" not in tree.files:
        raise Incompatible(
            "the directory is signed, but it is no artifact",
            expected="contract.json, model.onnx, golden.bin",
            actual=", ".join(sorted(tree.files)[:5]),
            hint="name the directory that `edge-infer convert` wrote",
        )
    signature = read_file(tree.root / SIGNATURE_NAME)
    if hashlib.sha256(signature).hexdigest() != tree.signature_sha256:
        raise Untrusted(
            "the artifact's signature changed while it was read",
            expected=f"SHA-256 {tree.signature_sha256}",
            actual="another file",
            hint="run it again while nothing else writes there",
        )
    return {**tree.files, SIGNATURE_NAME: signature}


def _check_target(contract: Contract, target: str) -> None:
    if contract.target != target:
        raise Incompatible(
            "the artifact was made for another target",
            expected=target,
            actual=contract.target,
            hint=f"convert it again with --target {target}",
        )


def _describe(files: dict[str, bytes], contract: Contract, target: str) -> manifest.Manifest:
    return manifest.Manifest(
        format=manifest.FORMAT,
        name=contract.name,
        sequence=contract.sequence,
        target=target,
        runtime=edge_infer.__version__,
        bytecode=bytecode_tag(),
        files=len(files),
        size_bytes=sum(map(len, files.values())),
    )


def _readme(contract: Contract) -> bytes:
    text = _template(README).decode("utf-8")
    example = "seven.png" if contract.image is not None else "rows.csv"
    named = {"name": contract.name, "sequence": contract.sequence, "example": example}
    named["bytecode"] = bytecode_tag()
    return text.format_map(named).encode("utf-8")


def _template(name: str) -> bytes:
    return resources.files("firmware_bundle").joinpath("templates", name).read_bytes()
