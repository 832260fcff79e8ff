"""Bins: `KBinsDiscretizer.transform`, `numpy.searchsorted(inner edges, x, side="right")`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import KBinsDiscretizer

from convert.estimators.arrays import Doubles, dense
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def k_bins_discretizer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The number of inner edges <= x, or a column of its own for each bin."""
    dtype = "float64" if estimator.dtype is None else np.dtype(estimator.dtype).name
    if dtype == "float32":
        x = g.cast(g.cast(x, np.float32), np.float64)
    edges = [dense(edges)[1:-1] for edges in estimator.bin_edges_]
    if estimator.encode == "ordinal":
        y = g.cast(count_at_most(g, x, edges), np.float64)
        return Emission({"transform": Scores(y, len(edges), dtype)})
    y = g.cast(_in_bin(g, x, edges), np.float64)
    width = sum(len(inner) + 1 for inner in edges)
    scores = Scores(y, width, dtype, sparse=estimator.encode == "onehot")
    return Emission({"transform": scores})


def count_at_most(g: Graph, x: Tensor, edges: list[Doubles]) -> Tensor:
    """int32 `(n, f)`: how many of a column's sorted edges are <= x; 0 for NaN."""
    size = max(len(inner) for inner in edges)
    table = np.full((len(edges), max(size, 1)), np.nan)
    for i, inner in enumerate(edges):
        table[i, : len(inner)] = inner
    last = np.array([2], dtype=np.int64)
    passed = g.op("GreaterOrEqual", g.op("Unsqueeze", x, last), table)
    return g.op("ReduceSum", g.cast(passed, np.int32), last, keepdims=0)


def _in_bin(g: Graph, x: Tensor, edges: list[Doubles]) -> Tensor:
    """bool `(n, m)`, a column for each bin of each feature: low <= x < high."""
    feature = np.repeat(np.arange(len(edges)), [len(inner) + 1 for inner in edges])
    low = np.concatenate([[-np.inf, *inner] for inner in edges])
    high = np.concatenate([[*inner, np.inf] for inner in edges])
    cells = g.op("Gather", x, feature, axis=1)
    return g.op("And", g.op("GreaterOrEqual", cells, low), g.op("Less", cells, high))


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    KBinsDiscretizer: k_bins_discretizer,
}
