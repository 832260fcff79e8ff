"""Make a bundle: the artifact untouched, the runtime, a start script, one signature over all."""

from __future__ import annotations

import difflib
import hashlib
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import edge_infer
from edge_infer.contract import read_contract
from edge_infer.contract.inputs import is_typed
from edge_infer.errors import BadInput, Incompatible, Untrusted
from edge_infer.staging import check_output, staged_directory, write_file_atomically
from edge_infer.trust import SIGNATURE_NAME, read_file, verify_tree
from edge_infer.trust.moments import parse_moment
from edge_infer.trust.rollback import MAX_SEQUENCE
from edge_infer.trust.signing import sign_tree
from firmware_bundle import manifest
from firmware_bundle.archive import pack
from firmware_bundle.bare import bare
from firmware_bundle.parts import parts_for
from firmware_bundle.phone.detector import is_detector, read_detector_files
from firmware_bundle.phone.page import phone_files
from firmware_bundle.runtime import bytecode_tag, runtime_files
from firmware_bundle.services import service_files
from firmware_bundle.targets import TARGETS
from firmware_bundle.wheels import FOLDER as WHEELS
from firmware_bundle.wheels import parse_release, wheel_files

if TYPE_CHECKING:
    import os

    from edge_infer.contract import Contract
    from edge_infer.trust import Trust
    from edge_infer.trust.signing import SigningKey
    from firmware_bundle.targets import Target

ARTIFACT = "artifact"
START = "run"
MICROPYTHON = "micropython/edge_model.py"
README = "README.txt"
DETECTOR_README = "DETECTOR.txt"
_WHEELS = """\
Where numpy and onnxruntime are missing, install them from here; no network is needed:

    python3 -m venv /opt/python
    /opt/python/bin/pip install --no-index --find-links wheels --require-hashes \\
        -r wheels/requirements.txt

They lack what no prediction needs: numpy's random and polynomial, tests, headers, tools.

"""
_PARTS = {
    "micropython": "\n    micropython/  what reads the compiled model under MicroPython",
    "services": "\n    services/     what starts your firmware script at boot",
    "wheels": "\n    wheels/       numpy and onnxruntime for this kind of device",
    "phone": "\n    phone/        the page for a browser, to be served; signed by itself"
    "\n    phone.html    the same page in one file",
}


def bundle(
    artifact: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    key: SigningKey,
    trust: Trust,
    target: str = "generic",
    tar: bool = False,
    wheels: bool | str = False,
    may_replace: int | None = None,
) -> Path:
    """Verify `artifact` under `trust` and write the bundle `out`, signed by `key`.

    Args:
        artifact: directory that `convert` wrote, or for the target `phone` a detector: a
            directory with `detector.json` and the artifacts of its stages.
        out: directory to make.
        key: private key file of whoever publishes; its public half verifies the bundle.
        trust: public key file of whoever proved the artifact.
        target: which kind of device it is for, a name of `firmware_bundle.targets`.
        tar: write one `.tar` instead of a directory; the files in it are the same.
        wheels: put the wheels in that the target needs, for a device without a network. They
            are for this Python's release, or for the device's, named as `"3.13"`.
        may_replace: make it a signed rollback: it may be installed over later releases, up to
            this number.

    Raises:
        Untrusted: no trusted key vouches for every byte of the artifact.
        Incompatible: it is of another format or for another target, expired, or no artifact.
        BadInput: `out` exists, the target is not known, or the key cannot be used.
        Unavailable: the disk is full or refuses, or wheels or the page's engine are not to be
            had; nothing is left behind.
    """
    kind = find_target(target)
    out = Path(out)
    check_output(out)
    _check_rollback(may_replace)
    detects = is_detector(artifact)
    if detects:
        proven, contract = read_detector_files(
            artifact, lambda stage: read_artifact_files(stage, trust)
        )
    else:
        proven = read_artifact_files(artifact, trust)
        contract = read_contract(proven["contract.json"])
    _check_expiry(contract)
    _check_target(contract, kind, proven)
    files = {f"{ARTIFACT}/{name}": content for name, content in proven.items()}
    if detects:
        _check_page_alone(kind, wheels=wheels)
    else:
        files |= _device_files(proven, contract, kind, wheels=wheels)
    if kind.web:
        files |= phone_files(proven, contract, key=key, may_replace=may_replace)
    files[README] = _detector_readme(contract) if detects else _readme(contract, files)
    described = _describe(files, contract, target, may_replace)
    files[manifest.NAME] = manifest.write_manifest(described)
    files[SIGNATURE_NAME] = sign_tree(files, key=key, name=contract.name)
    if tar:
        write_file_atomically(out, pack(files, executable=frozenset({START})), replace=False)
        return out
    with staged_directory(out) as staging:
        for name, content in files.items():
            path = staging / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if START in files:
            (staging / START).chmod(0o755)
    return out


def find_target(name: str) -> Target:
    """The target called `name`.

    Raises:
        BadInput: there is none.
    """
    found = TARGETS.get(name)
    if found is None:
        near = difflib.get_close_matches(name, TARGETS, n=1)
        raise BadInput(
            "the target is not known",
            expected=", ".join(TARGETS),
            actual=name,
            hint=f"perhaps {near[0]} is meant" if near else "name one of these",
        )
    return found


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


def _device_files(
    proven: dict[str, bytes], contract: Contract, kind: Target, *, wheels: bool | str
) -> dict[str, bytes]:
    """What runs the artifact on a device that has Python, or a compiled model."""
    native = any(name.startswith("native/") for name in proven)
    files = {START: _template(START)}
    if any(name.startswith("native/") and name.endswith(".so") for name in proven):
        files[MICROPYTHON] = bare(_template("edge_model.py"))
    files |= runtime_files(parts_for(contract, kind, is_compiled=native))
    files |= service_files(kind.service, is_compiled=bool(kind.native))
    if wheels:
        files |= wheel_files(kind, python=None if wheels is True else parse_release(wheels))
    return files


def _check_page_alone(kind: Target, *, wheels: bool | str) -> None:
    """What slides a detector's window is the page, or a program such as the camera's."""
    if not kind.web or wheels:
        raise Incompatible(
            "a detector is bundled for a page alone",
            expected="the target phone, without wheels",
            actual=kind.name + (", with wheels" if wheels else ""),
            hint="the camera's program reads the directory as it lies; for a phone: --target phone",
        )


def _check_target(contract: Contract, target: Target, proven: dict[str, bytes]) -> None:
    if contract.target not in (target.name, "generic"):
        raise Incompatible(
            "the artifact was made for another target",
            expected=target.name,
            actual=contract.target,
            hint=f"convert it again with --target {target.name}",
        )
    compiled = sorted(name for name in proven if name.startswith("native/"))
    wanted = [f"native/{name}.so" for name in target.native]
    if wanted and not set(wanted) & set(compiled):
        raise Incompatible(
            "the artifact has no compiled model for the target, which has no onnxruntime",
            expected=" or ".join(wanted),
            actual=", ".join(compiled) or "none",
            hint="no compiled model takes columns of text or of several kinds: bundle it for a "
            "device with onnxruntime, such as raspberry-pi-64, or train it on numbers alone"
            if is_typed(contract.inputs)
            else f"convert it again with --native {','.join(target.native)}, or the one you have",
        )


def _check_expiry(contract: Contract) -> None:
    if contract.expires is None:
        return
    moment = parse_moment(contract.expires, what="the contract's expiry")
    if moment <= (now := datetime.now(UTC)):
        raise Incompatible(
            "the artifact has expired: no device would install it",
            expected=f"a bundle made before {moment.isoformat()}",
            actual=now.isoformat(timespec="seconds"),
            hint="convert it again with a later --expires, or without; is this machine's clock "
            "right?",
        )


def _check_rollback(may_replace: int | None) -> None:
    if may_replace is not None and not 1 <= may_replace <= MAX_SEQUENCE:
        raise BadInput(
            "may_replace is no release number",
            expected="1 to 2^63 - 1",
            actual=may_replace,
            hint="name the number of the release that is to go",
        )


def _describe(
    files: dict[str, bytes], contract: Contract, target: str, may_replace: int | None
) -> manifest.Manifest:
    return manifest.Manifest(
        format=manifest.FORMAT,
        name=contract.name,
        sequence=contract.sequence,
        target=target,
        runtime=edge_infer.__version__,
        bytecode=bytecode_tag(),
        files=len(files),
        size_bytes=sum(map(len, files.values())),
        may_replace=may_replace,
    )


def _readme(contract: Contract, files: dict[str, bytes]) -> bytes:
    text = _template(README).decode("utf-8")
    example = "seven.png" if contract.image is not None else "rows.csv"
    named = {"name": contract.name, "sequence": contract.sequence, "example": example}
    named["bytecode"] = bytecode_tag()
    named["needs"] = _needs(contract)
    named["wheels"] = _WHEELS if f"{WHEELS}/requirements.txt" in files else ""
    folders = {name.partition("/")[0] for name in files}
    named["parts"] = "".join(line for name, line in _PARTS.items() if name in folders)
    return text.format_map(named).encode("utf-8")


def _detector_readme(contract: Contract) -> bytes:
    named = {"name": contract.name, "sequence": contract.sequence}
    return _template(DETECTOR_README).decode("utf-8").format_map(named).encode("utf-8")


def _needs(contract: Contract) -> str:
    pictures = "numpy and Pillow" if contract.native else "Pillow"
    more = f"; for pictures {pictures}" if contract.image is not None else ""
    if not contract.native:
        return f"Python 3.11 or newer with numpy and onnxruntime{more}"
    where = ", ".join(native.target for native in contract.native)
    return f"Python 3.11 or newer (elsewhere than on {where} also numpy and onnxruntime){more}"


def _template(name: str) -> bytes:
    return resources.files("firmware_bundle").joinpath("templates", name).read_bytes()
