"""A bundle that holds a detector: verified and described; what predicts with it is its page."""

from __future__ import annotations

from os import fspath
from os import path as os_path

from edge_infer.artifact import ARTIFACT, CONTRACT
from edge_infer.contract import read_contract
from edge_infer.contract.detector import DETECTOR, STAGES, detector_contract
from edge_infer.errors import Incompatible
from edge_infer.trust import verify_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os

    from edge_infer.contract.schema import Contract
    from edge_infer.trust import Trust, VerifiedTree

_DECLARATION = f"{ARTIFACT}/{DETECTOR}"


def holds_detector(path: str | os.PathLike[str]) -> bool:
    """Only a guess how to read it: the signature lists the declaration, or it is refused."""
    return os_path.isfile(f"{fspath(path)}/{_DECLARATION}")  # noqa: PTH113 - as in artifact.py


def read_detector_bundle(
    path: str | os.PathLike[str], *, trust: Trust
) -> tuple[VerifiedTree, Contract]:
    """Verify a directory and read what its detector is.

    Raises:
        Untrusted: no trusted key vouches for every byte, or a model was signed with another
            declaration.
        Incompatible: it is of another format, or its parts do not belong together.
        BadInput: it is not strict JSON.
    """
    contracts = {stage: f"{ARTIFACT}/{stage}/{CONTRACT}" for stage in STAGES}
    names = {_DECLARATION, *contracts.values()}
    tree = verify_tree(path, trust, keep=names.__contains__)
    missing = sorted(names - tree.sizes.keys())
    if missing:
        raise Incompatible(
            "the directory is signed, but it is no detector's",
            expected=", ".join(sorted(names)),
            actual=f"missing: {', '.join(missing)}",
        )
    read = {stage: read_contract(tree.files[name]) for stage, name in contracts.items()}
    return tree, detector_contract(tree.files[_DECLARATION], read)
