"""Rows at the thresholds of a graph's own trees, beside given rows and stretched ones.

They are made from the graph alone, so that a compiled model can be tried where there is no
estimator any more: the artifact on the workstation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convert.native.reading import read_graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Rows = NDArray[np.float64]

_MOST = 3000
SEED = 20240229


def hostile_rows(onnx: bytes, rows: Rows) -> Rows:
    """`rows` (at most a few thousand) and variants of them, float64 `(m, f)`."""
    rng = np.random.default_rng(SEED)
    base = rows if len(rows) <= _MOST else rows[rng.choice(len(rows), _MOST, replace=False)]
    few = base[rng.integers(len(base), size=min(len(base) * 4, 400))]
    parts = [base, *_stretched(few, rng)]
    at_thresholds = list(_at_thresholds(onnx, base, rng))
    return np.concatenate([*parts, *at_thresholds])


def _stretched(rows: Rows, rng: np.random.Generator) -> Iterator[Rows]:
    with np.errstate(all="ignore"):
        for factor in (0.0, -1.0, 1e-300, 1e3, 1e30, 1e300):
            yield rows[:20] * factor
        for value in (np.nan, np.inf, -np.inf, 5e-324, -0.0, 3.4e38, 1e308):
            changed = rows[:40].copy()
            changed[np.arange(len(changed)), rng.integers(rows.shape[1], size=len(changed))] = value
            yield changed
        pairs = rng.integers(len(rows), size=(2, 200))
        share = rng.random((200, 1))
        yield rows[pairs[0]] * share + rows[pairs[1]] * (1 - share)


def _at_thresholds(onnx: bytes, rows: Rows, rng: np.random.Generator) -> Iterator[Rows]:
    """Each value on, one step below and one step above a threshold, in float32 and in double."""
    for node in read_graph(onnx).nodes:
        if node.op_type != "TreeEnsemble":
            continue
        splits = np.asarray(node.attributes["nodes_splits"])
        columns = np.asarray(node.attributes["nodes_featureids"])
        if columns.max(initial=0) >= rows.shape[1]:
            continue
        chosen = rng.permutation(len(splits))[: _MOST // 5]
        changed = rows[rng.integers(len(rows), size=len(chosen))].copy()
        at, where = np.arange(len(chosen)), columns[chosen]
        for value in _neighbours(splits[chosen]):
            changed = changed.copy()
            changed[at, where] = value
            yield changed


def _neighbours(splits: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    with np.errstate(all="ignore"):
        near = splits.astype(np.float32)
        yield splits
        yield np.nextafter(splits, np.inf)
        yield np.nextafter(near, np.float32(-np.inf)).astype(np.float64)
        yield np.nextafter(near, np.float32(np.inf)).astype(np.float64)
        yield (near.astype(np.float64) + np.nextafter(near, np.float32(np.inf))) / 2
