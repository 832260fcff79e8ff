"""Run a compiled model beside the graph that was proven, before anything is signed.

The graph stands for the estimator: its labels were compared with scikit-learn's on every probe.
Scores must lie within the contract's tolerance. An answer may differ only where the scores behind
it are tied but for rounding, or where the graph itself gives it for the row moved by rounding:
there `convert.prove` lets either tied label pass. Trees have no such rows. Where the terms of a sum
cancel, scores may lie anywhere among those that the graph gives around the row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import NotExact
from convert.native.hostile import SEED, hostile_rows
from convert.native.reading import read_graph
from edge_infer.engines.native import open_engine
from edge_infer.engines.onnxruntime import open_session
from edge_infer.errors import BadInput, Incompatible
from edge_infer.selftest import read_golden, run_golden

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from edge_infer.contract import Contract, Input, NativeModel, Output
    from edge_infer.engines.native import NativeEngine

    Rows = NDArray[np.float64]
    Ask = Callable[[Rows], Mapping[str, Any]]

_ROUNDING = {"MatMul", "ReduceSum", "ReduceMean", "Exp", "Log", "Tanh", "Pow", "Sqrt", "Softmax"}
"""Operators whose result depends on the order of additions or on the mathematical library."""

_CHOOSING = {"TreeEnsemble", "TopK", "ArgMin"}
"""Operators between two answers of which lie none of theirs."""

_NUDGES = 128
_NUDGE = np.geomspace(2.0**-46, 2.0**-38, _NUDGES)[:, None]
"""How often and how far, relative to each value, a row is moved to see whether the graph itself is
undecided there; at most 4e-12, far below the tolerance of scores."""

_BATCH = 100
_ALONE = 300
"""Rows that are also run one by one."""


def compare_with_graph(
    onnx: bytes,
    contract: Contract,
    golden: bytes,
    data: bytes,
    entry: NativeModel,
    *,
    probes: Rows | None = None,
) -> int:
    """How many rows gave the same, in batches and one by one.

    Raises:
        NotExact: a label or score differs.
    """
    engine = open_engine(data, contract, entry)
    try:
        run_golden(engine, contract, golden)
    except Incompatible as error:
        raise NotExact(
            f"the compiled model for {entry.target} fails a golden vector",
            expected=error.expected,
            actual=error.actual,
        ) from error
    (wanted,) = contract.inputs
    golden_rows = read_golden(contract, golden)[0][wanted.name]
    rows = hostile_rows(onnx, golden_rows if probes is None else probes)
    rows = np.concatenate([golden_rows, rows])
    rows = np.ascontiguousarray(rows[_admitted(rows, wanted)])
    names = [output.name for output in contract.outputs]
    session = open_session(onnx)
    refused = np.zeros(len(rows), dtype=bool)
    for check in contract.checks:
        refused |= session.run([check.name], {wanted.name: rows})[0]
    rows = rows[~refused]

    def ask(part: Rows) -> dict[str, Any]:
        return dict(zip(names, session.run(names, {wanted.name: part}), strict=True))

    operators = {node.op_type for node in read_graph(onnx).nodes}
    rounds, chooses = bool(_ROUNDING & operators), bool(_CHOOSING & operators)
    for start in range(0, len(rows), _BATCH):
        part = rows[start : start + _BATCH]
        got = dict(zip(names, _run(engine, names, wanted, part, entry), strict=True))
        _compare(contract, part, got, ask(part), ask if rounds else None, chooses)
        alone = part[: max(0, _ALONE - start)]
        for i in range(len(alone)):
            one = _run(engine, names, wanted, alone[i : i + 1], entry)
            _check_same(names, one, {name: got[name][i : i + 1] for name in names}, alone[i])
    return len(rows)


def _run(
    engine: NativeEngine, names: list[str], wanted: Input, rows: Rows, entry: NativeModel
) -> list[Any]:
    try:
        return engine.run(names, {wanted.name: rows})
    except BadInput as error:
        raise NotExact(
            f"the compiled model for {entry.target} refuses a row that the graph answers",
            actual=error.what,
        ) from error


def _check_same(names: list[str], one: list[Any], batch: Mapping[str, Any], x: Rows) -> None:
    for name, answer in zip(names, one, strict=True):
        if answer.tobytes() != batch[name].tobytes() and answer.tolist() != batch[name].tolist():
            raise NotExact(
                f"{name} of a row alone differs from the same row in a batch",
                expected=batch[name].tolist(),
                actual=answer.tolist(),
                hint=f"the row: {x.tolist()[:8]}",
            )


def _compare(
    contract: Contract,
    rows: Rows,
    got: Mapping[str, Any],
    want: Mapping[str, Any],
    ask: Ask | None,
    chooses: bool,
) -> None:
    """`ask` runs the graph; None where nothing rounds, so that every row is decided."""
    tolerance = contract.certificate.relative_tolerance
    tied = _undecided(contract, want, tolerance, rounds=ask is not None)
    for output in contract.outputs:
        mine, theirs = got[output.name], want[output.name]
        differs = ~_agree(output, mine, theirs, tolerance)
        if output.kind == "label":
            differs &= ~tied
        for at in np.flatnonzero(differs):
            answer = {name: array[at : at + 1] for name, array in got.items()}
            if ask is not None and _is_on_the_edge(contract, rows[at], answer, ask, chooses):
                continue
            raise NotExact(
                f"the compiled model's {output.verb} differs from the proven graph's",
                expected=theirs[at].tolist(),
                actual=mine[at].tolist(),
                hint=f"on {int(differs.sum())} of {len(rows)} rows; the first: "
                f"{rows[at].tolist()[:8]}",
            )


def _is_on_the_edge(
    contract: Contract, x: Rows, got: Mapping[str, Any], ask: Ask, chooses: bool
) -> bool:
    """Whether the graph itself gives this answer for the row moved by a few units of rounding.

    So it is with the votes of a support vector machine, whose scores leap where a pair is tied.
    """
    rng = np.random.default_rng(SEED)
    moved = x * (1 + _NUDGE * rng.uniform(-1, 1, (_NUDGES, len(x))))
    found = ask(moved)
    tolerance = contract.certificate.relative_tolerance
    # Output by output: at a decision of exactly zero a label and a score may fall to either side.
    return all(
        _agree(o, np.repeat(got[o.name], _NUDGES, axis=0), found[o.name], tolerance).any()
        or (not chooses and o.kind == "score" and _is_among(got[o.name][0], found[o.name]))
        for o in contract.outputs
    )


def _is_among(mine: Any, found: Any) -> bool:
    """Whether each of a row's scores lies between the least and the largest of those found."""
    with np.errstate(invalid="ignore"):
        return bool(((found.min(axis=0) <= mine) & (mine <= found.max(axis=0))).all())


def _agree(output: Output, mine: Any, theirs: Any, tolerance: float) -> NDArray[np.bool_]:
    """`(n,)`: labels equal, scores within the tolerance."""
    if output.kind == "label" or output.dtype == "bool":
        same = np.asarray(mine == theirs)
    else:
        same = _close(output, mine, theirs, tolerance)
    return np.asarray(same.reshape(len(same), -1).all(axis=1))


def _close(output: Output, mine: Any, theirs: Any, tolerance: float) -> NDArray[np.bool_]:
    with np.errstate(all="ignore"):
        scale = np.maximum(np.abs(theirs), output.scale)
        near = (np.abs(mine - theirs) <= tolerance * scale) & np.isfinite(scale)
    return np.asarray(near | (mine == theirs) | (np.isnan(mine) & np.isnan(theirs)))


def _undecided(
    contract: Contract, want: Mapping[str, Any], tolerance: float, *, rounds: bool
) -> NDArray[np.bool_]:
    """Rows whose two best scores lie within the scores' own tolerance.

    Where nothing rounds but the sums of trees, which are added in one order, an exact tie is
    decided: the first class wins.
    """
    rows = len(next(iter(want.values())))
    tied = np.zeros(rows, dtype=bool)
    for output in contract.outputs:
        if output.verb not in ("decision_function", "predict_proba", "transform"):
            continue
        scores = want[output.name]
        if scores.ndim > 2 or scores.dtype.kind != "f":
            continue
        with np.errstate(all="ignore"):
            if scores.ndim == 1:
                gap, size = np.abs(scores), np.abs(scores)
            else:
                best = np.sort(scores, axis=1)
                if best.shape[1] < 2:
                    continue
                # The transform of clusterers is a distance, where the smallest wins.
                low = output.verb == "transform"
                gap = best[:, 1] - best[:, 0] if low else best[:, -1] - best[:, -2]
                size = np.abs(best).max(axis=1)
            tied |= (rounds | (gap > 0)) & (gap <= tolerance * np.maximum(size, output.scale))
    return tied


def _admitted(rows: Rows, wanted: Input) -> NDArray[np.bool_]:
    """Rows that the contract lets in."""
    with np.errstate(all="ignore"):
        bad = np.zeros(rows.shape, dtype=bool)
        if not wanted.nan:
            bad |= np.isnan(rows)
        if not wanted.infinite:
            bad |= np.isinf(rows)
        if wanted.limit is not None:
            bad |= (np.abs(rows) > wanted.limit) & ~np.isinf(rows)
    return np.asarray(~bad.any(axis=1))
