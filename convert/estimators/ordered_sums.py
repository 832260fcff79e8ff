"""Matrix products added up in scipy's order.

A sum that cancels keeps its last bits: on x = (1e16, 1e16) the weights (0.3, -0.3) give 0 where
each product is rounded before it is added, and not where they are fused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.estimators.arrays import dense

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor

LONGEST = 256
"""Terms beyond which a sum is left to one product with the whole matrix."""


def sparse_product(g: Graph, x: Tensor, weights: Any) -> Tensor:
    """`x @ weights.T` for CSR `weights` `(k, f)`: each row's terms as they are stored."""
    counts = np.diff(weights.indptr)
    longest = int(counts.max(initial=0))
    if not 0 < longest <= LONGEST:
        return g.op("MatMul", x, dense(weights).T)
    feature = np.zeros((len(counts), longest), dtype=np.int64)
    weight = np.zeros((len(counts), longest))
    row = np.repeat(np.arange(len(counts)), counts)
    term = np.arange(len(weights.indices)) - np.repeat(weights.indptr[:-1], counts)
    feature[row, term] = weights.indices
    weight[row, term] = weights.data
    total: Tensor | None = None
    for i in range(longest):
        part = g.op("Gather", x, feature[:, i], axis=1)
        if not (weight[:, i] == 1).all():
            part = g.op("Mul", part, weight[:, i])
        total = part if total is None else g.op("Add", total, part)
    assert total is not None, "there is a term"
    return total
