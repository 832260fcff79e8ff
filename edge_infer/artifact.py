"""From a directory on disk to a model, in one order that nothing can change:

    verify → contract → engine and its release → graph → golden vectors → Model

Every file is read once; what was verified is what is used, and nothing is read later.
"""

from __future__ import annotations

from os import fspath, listdir
from os import path as os_path

from edge_infer.contract import read_contract
from edge_infer.contract.inputs import is_typed
from edge_infer.engines import open_engine
from edge_infer.engines.choice import chosen_native, is_native, target_here
from edge_infer.errors import EdgeInferError, Incompatible, Unavailable, Untrusted
from edge_infer.model import Model
from edge_infer.selftest import run_golden
from edge_infer.trust import verify_tree
from edge_infer.trust.files import show
from edge_infer.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from edge_infer.contract.schema import Contract, Input
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
    """Empty where the native engine was chosen, which does not read it."""
    golden: bytes
    compiled: bytes = b""
    """The compiled model for this machine, empty where there is none."""


def read_artifact(
    path: str | os.PathLike[str], *, trust: Trust | None = None, engine: str | None = None
) -> VerifiedArtifact:
    """Verify a directory and read its contract, and what `engine` reads.

    Of a root this is the current version, under the pinned keys where none is named.

    Raises:
        Untrusted: no trusted key vouches for every byte.
        Incompatible: it is of another format, or no artifact.
        BadInput: there is no such directory.
        Unavailable: neither a key is named nor is there anything at `path`.
    """
    path = fspath(path)
    if os_path.isdir(f"{path}/{ROOT_MARK}"):  # noqa: PTH112 - pathlib costs more than the rest
        from edge_infer.slots.root import is_root
        from edge_infer.slots.serve import active_version

        if is_root(path):
            path, trust = active_version(path, trust)
    if trust is None:
        raise _no_key(path)
    # Only a guess which files to keep: the signature lists `bundle.json`, or it is refused.
    is_bundle = os_path.isfile(f"{path}/{BUNDLE}")  # noqa: PTH113
    prefix = f"{ARTIFACT}/" if is_bundle else ""
    names = {prefix + name for name in (CONTRACT, GRAPH, GOLDEN)}
    native = is_native(engine)
    compiled = f"{prefix}native/{target_here()}.so" if native else ""
    kept = names - {prefix + GRAPH} | {compiled} if native else names
    tree = verify_tree(path, trust, keep=kept.__contains__)
    missing = sorted(names - tree.sizes.keys())
    if missing:
        detects = f"{ARTIFACT}/detector.json" in tree.sizes
        raise Incompatible(
            "the directory is signed, but it is no artifact or bundle",
            expected=", ".join(sorted(names)),
            actual=f"missing: {', '.join(missing)}",
            hint="it holds a detector, which its page runs: edge-infer serve-phone"
            if detects
            else "name the directory that convert or bundle wrote",
        )
    contract = read_contract(tree.files[prefix + CONTRACT])
    _check_retired(tree, contract)
    return VerifiedArtifact(
        tree,
        contract,
        tree.files.get(prefix + GRAPH, b""),
        tree.files[prefix + GOLDEN],
        tree.files.get(compiled, b""),
    )


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
    if is_native(engine):
        native = chosen_native(artifact.contract, artifact.compiled)
        # After the choice: a bundle without compiled models does not carry what loads them.
        from edge_infer.compiled_model import open_compiled

        return open_compiled(artifact.compiled, artifact.contract, native, artifact.golden)
    opened = open_engine(artifact.onnx, artifact.contract, name=engine)
    self_test = run_golden(opened, artifact.contract, artifact.golden)
    return Model(artifact.contract, opened, self_test)


def _check_served(contract: Contract) -> None:
    """Refuse what a later runtime may serve: inputs that are no matrix and no columns.

    Raises:
        Incompatible: the contract describes such a model, or one without a verb.
    """
    inputs = contract.inputs
    _check_parts(contract)
    if not inputs or not contract.outputs or not (_is_matrix(inputs) or _are_columns(contract)):
        raise Incompatible(
            "the model takes other inputs than this runtime serves",
            expected="one float64 input of shape (n, f) or typed columns, and an output",
            actual=[(wanted.name, wanted.dtype, wanted.shape) for wanted in inputs],
            hint="update edge-infer on the device",
        )
    for wanted in inputs:
        names = wanted.columns
        if names is None or wanted.accepts == ("str",):
            continue
        if len(names) != wanted.shape[-1]:
            raise Incompatible(
                "the contract names other columns than the model has",
                expected=f"{wanted.shape[-1]} names",
                actual=f"{len(names)} names",
            )
    if contract.image is not None:
        from edge_infer.images import check_image

        check_image(contract.image, inputs[0].shape[-1] or 0)


def _check_parts(contract: Contract) -> None:
    """The bundle of a device with little flash carries what reads the rows of its own model. A
    process that goes on to other rows has to be started again, with the runtime that reads them.

    Raises:
        Incompatible: this runtime has no part for such rows.
    """
    wanted = {
        "images": contract.image is not None,
        "text": bool(contract.texts),
        "columns": bool(contract.inputs) and is_typed(contract.inputs),
    }
    for part in [name for name, is_wanted in wanted.items() if is_wanted]:
        try:
            __import__(f"edge_infer.{part}")
        except ModuleNotFoundError:
            raise Incompatible(
                "this runtime came with a bundle whose model takes other rows",
                expected=f"a runtime with edge_infer.{part}",
                actual="one without",
                hint="start the program again, with the runtime of this model's own bundle",
            ) from None


def _is_matrix(inputs: Sequence[Input]) -> bool:
    columns = inputs[0].shape[-1]
    return (
        len(inputs) == 1
        and inputs[0].dtype == "float64"
        and len(inputs[0].shape) == 2
        and columns is not None
        and columns >= 1
    )


def _text_widths(contract: Contract) -> dict[str, int]:
    if not contract.texts:
        return {}
    from edge_infer.text import counters

    return {name: counter.width for name, counter in counters(contract).items()}


def _are_columns(contract: Contract) -> bool:
    """One named input for each column, and one of counts for each way a text is counted."""
    inputs, width = contract.inputs, _text_widths(contract)
    alone = len(inputs) == 1 and inputs[0].name in width
    return (
        is_typed(inputs)
        and all(wanted.dtype in ("float64", "str") for wanted in inputs)
        and all(wanted.shape == (None, width.get(wanted.name, 1)) for wanted in inputs)
        and all(len(wanted.columns or ()) == 1 or alone for wanted in inputs)
        and width.keys() <= {wanted.name for wanted in inputs if wanted.accepts == ("str",)}
        and len({wanted.name for wanted in inputs}) == len(inputs)
    )


def _no_key(path: str | os.PathLike[str]) -> EdgeInferError:
    is_there = os_path.isdir(path)  # noqa: PTH112
    if not is_there or not listdir(path):  # noqa: PTH208
        return Unavailable(
            f"{show(path)} is empty" if is_there else f"there is no directory {show(path)}",
            expected="a root, a bundle or an artifact",
            hint="is its medium mounted?",
        )
    return Untrusted(
        "no trusted key is named, so nothing can be trusted",
        expected="the public key of whoever signed the directory, or a root, which pins it",
        actual=f"no key, and {show(path)} is no root",
        hint="name it with --trust KEY.pub",
    )
