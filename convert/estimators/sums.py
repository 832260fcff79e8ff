"""Sums in the order of additions that numpy has, where labels hang on the last bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor

_LANES = 8
_BLOCK = 128


def numpy_sum(g: Graph, values: Tensor, count: int) -> Tensor:
    """Sum `(n, count, ...)` over axis 1 as `numpy.add.reduce` sums `count` adjacent doubles.

    Mirrors `pairwise_sum` of numpy: one after the other below 8, then in 8 lanes, halved above
    128.
    """
    if count == 1:
        parts: tuple[Tensor, ...] = (values,)
    else:
        parts = g.multi("Split", values, outputs=count, axis=1, num_outputs=count)
    return g.op("Squeeze", _pairwise(g, parts), np.array([1], dtype=np.int64))


def _pairwise(g: Graph, parts: tuple[Tensor, ...]) -> Tensor:
    if len(parts) < _LANES:
        return _one_by_one(g, parts)
    if len(parts) > _BLOCK:
        half = len(parts) // 2
        half -= half % _LANES
        return g.op("Add", _pairwise(g, parts[:half]), _pairwise(g, parts[half:]))
    whole = len(parts) - len(parts) % _LANES
    lanes = [_one_by_one(g, parts[lane:whole:_LANES]) for lane in range(_LANES)]
    pairs = [g.op("Add", lanes[i], lanes[i + 1]) for i in range(0, _LANES, 2)]
    total = g.op("Add", g.op("Add", pairs[0], pairs[1]), g.op("Add", pairs[2], pairs[3]))
    return _one_by_one(g, (total, *parts[whole:]))


def _one_by_one(g: Graph, parts: tuple[Tensor, ...]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = g.op("Add", total, part)
    return total
