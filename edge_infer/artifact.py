"""From a directory on disk to a model, in one order that nothing can change:

    verify → contract → engine and its release → graph → golden vectors → Model

Every file is read once; what was verified is what is used, and nothing is read later.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.contract import read_contract
from edge_infer.engines import open_engine
from edge_infer.errors import Incompatible, Untrusted
from edge_infer.images import check_image
from edge_infer.model import Model
from edge_infer.selftest import run_golden
from edge_infer.trust import verify_tree

if TYPE_CHECKING:
    import os

    from edge_infer.contract.schema import Contract
    from edge_infer.trust import Trust, VerifiedTree

ARTIFACT = "artifact"
"""Where a bundle keeps the artifact."""
BUNDLE = "bundle.json"
"""What a bundle has and an artifact has not."""

ROOT_MARK = "versions"
"""What a root has, and neither an artifact nor a bundle."""

CONTRACT, GRAPH, GOLDEN = "contract.json", "model.onnx", "golden.bin"


@dataclass(frozen=True)
class VerifiedArtifact:
    """The bytes of an artifact, each of them vouched for by `tree.key`."""

    tree: VerifiedTree
    contract: Contract
    onnx: bytes
    golden: bytes


def read_artifact(path: str | os.PathLike[str], *, trust: Trust | None = None) -> VerifiedArtifact:
    """Verify a directory and read its contract, without an engine.

    Of a root this is the current version, under the pinned keys where none is named.

    Raises:
        Untrusted: no trusted key vouches for every byte.
        Incompatible: it is of another format, or no artifact.
        BadInput: there is no such directory.
    """
    if Path(path, ROOT_MARK).is_dir():
        from edge_infer.slots.root import is_root
        from edge_infer.slots.serve import active_version

        if is_root(path):
            path, trust = active_version(path, trust)
    if trust is None:
        raise Untrusted(
            "no trusted key is named, so nothing can be trusted",
            expected="the public key of whoever signed the directory",
            hint="name it with --trust KEY.pub, or load a root, which pins it",
        )
    # Only a guess which files to keep: the signature lists `bundle.json`, or it is refused.
    prefix = f"{ARTIFACT}/" if Path(path, BUNDLE).is_file() else ""
    names = {prefix + name for name in (CONTRACT, GRAPH, GOLDEN)}
    tree = verify_tree(path, trust, keep=names.__contains__)
    missing = sorted(names - tree.files.keys())
    if missing:
        raise Incompatible(
            "the directory is signed, but it is no artifact or bundle",
            expected=", ".join(sorted(names)),
            actual=f"missing: {', '.join(missing)}",
            hint="name the directory that convert or bundle wrote",
        )
    contract = read_contract(tree.files[prefix + CONTRACT])
    _check_retired(tree, contract)
    return VerifiedArtifact(tree, contract, tree.files[prefix + GRAPH], tree.files[prefix + GOLDEN])


def _check_retired(tree: VerifiedTree, contract: Contract) -> None:
    """Refuse what says to be made after its key was retired. No clock is asked: what served
    yesterday serves today, whatever the device believes the time to be.

    Raises:
        Untrusted: it says so.
    """
    if tree.pin.valid_until is None:
        return
    from edge_infer.trust.moments import parse_moment

    made = parse_moment(contract.created, what="the contract's date")
    if made >= tree.pin.valid_until:
        raise Untrusted(
            f"made after the key {tree.pin.called} was retired",
            expected=f"before {tree.pin.valid_until.isoformat()}",
            actual=contract.created,
            hint="sign it with a key that is valid",
        )


def open_artifact(artifact: VerifiedArtifact, *, engine: str | None = None) -> Model:
    """Open a verified artifact in an engine and run its golden vectors.

    Raises:
        Incompatible: the contract, this machine's runtime release or a golden vector differs.
        BadInput: there is no such engine.
        Unavailable: this machine lacks the engine.
    """
    _check_served(artifact.contract)
    opened = open_engine(artifact.onnx, artifact.contract, name=engine)
    self_test = run_golden(opened, artifact.contract, artifact.golden)
    return Model(artifact.contract, opened, self_test)


def _check_served(contract: Contract) -> None:
    """Refuse what a later runtime may serve: other inputs than one matrix of doubles.

    Raises:
        Incompatible: the contract describes such a model, or one without a verb.
    """
    shapes = [(wanted.dtype, len(wanted.shape)) for wanted in contract.inputs]
    columns = contract.inputs[0].shape[-1] if contract.inputs else None
    if shapes != [("float64", 2)] or columns is None or columns < 1 or not contract.outputs:
        raise Incompatible(
            "the model takes other inputs than this runtime serves",
            expected="one float64 input of shape (n, f) and at least one output",
            actual=[(wanted.name, wanted.dtype, wanted.shape) for wanted in contract.inputs],
            hint="update edge-infer on the device",
        )
    names = contract.inputs[0].columns
    if names is not None and len(names) != columns:
        raise Incompatible(
            "the contract names other columns than the model has",
            expected=f"{columns} names",
            actual=f"{len(names)} names",
        )
    if contract.image is not None:
        check_image(contract.image, columns)
