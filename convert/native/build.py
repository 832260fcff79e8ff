"""Compile an artifact for its targets, run what can be run here, and name it in the contract."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from convert.native.checking import compare_with_graph
from convert.native.compilers import compile_shared
from convert.native.compiling import compile_model
from convert.native.emission import ABI, Source, emit
from convert.native.executable import check_executable, compile_executable
from convert.native.targets import named_targets
from convert.progress import Progress, quiet
from edge_infer.contract import Contract, NativeModel
from edge_infer.engines.elf import running
from edge_infer.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from convert.native.targets import Target


@dataclass(frozen=True)
class Built:
    """A contract that names its compiled models, and their files within the artifact."""

    contract: Contract
    files: dict[str, bytes]


def emit_source(onnx: bytes, contract: Contract) -> Source:
    """`edge_model.c` and `edge_model.h` of a proven graph.

    Raises:
        Unsupported: an operator or an input has no native form.
    """
    return emit(compile_model(onnx, contract))


def build(
    onnx: bytes,
    contract: Contract,
    golden: bytes,
    targets: str | tuple[str, ...],
    *,
    probes: NDArray[np.float64] | None = None,
    max_bytes: int | None = None,
    progress: Progress = quiet,
) -> Built:
    """Compile the graph for every target; all of them, or an error.

    Args:
        targets: `host`, `all` or names.
        probes: `(n, f)` rows on which the compiled model must answer as the graph does, beside
            the golden vectors and the rows made from the model's own thresholds.
        max_bytes: the largest compiled model that a device takes.

    Raises:
        Unsupported: an operator has no native form.
        BadInput: no such target, or a compiled model is larger than `max_bytes`.
        Unavailable: a compiler is missing or fails.
        NotExact: a compiled model answers otherwise than the graph.
    """
    wanted = named_targets(targets)
    model = compile_model(onnx, contract)
    source = emit(model)
    files: dict[str, bytes] = {}
    entries = []
    for done, target in enumerate(wanted):
        progress(f"compiling for {target.label}", done / len(wanted))
        if target.is_executable:
            data = compile_executable(model, source, target)
        else:
            data = compile_shared(source, target)
        if max_bytes is not None and len(data) > max_bytes:
            raise BadInput(
                f"the compiled model for {target.label} is too large",
                expected=f"at most {max_bytes:,} bytes",
                actual=f"{len(data):,} bytes",
                hint="train a smaller model: fewer or shallower trees, fewer support vectors",
            )
        entry = _described(target, data, source)
        if is_runnable(target) and target.is_executable:
            entry = replace(entry, rows_compared=check_executable(data, contract, golden))
        elif is_runnable(target):
            rows = compare_with_graph(onnx, contract, golden, data, entry, probes=probes)
            entry = replace(entry, rows_compared=rows)
        files[entry.file] = data
        entries.append(entry)
    progress("compiling", 1.0)
    return Built(replace(contract, native=tuple(entries)), files)


def is_runnable(target: Target) -> bool:
    """Whether this process can load a model for the target."""
    mine = running()
    return mine is not None and mine.target == target.name


def _described(target: Target, data: bytes, source: Source) -> NativeModel:
    return NativeModel(
        target=target.label,
        file=f"native/{target.name}" + ("" if target.is_executable else ".so"),
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        abi=ABI,
        workspace_bytes=source.workspace_bytes,
        row_bytes=source.row_bytes,
        rows_compared=0,
    )
