"""Each tree threshold approached from both sides, one ulp either way.

For every chosen node a row is led into it, then bisected through the preceding steps until two
adjacent doubles take different children. These two rows decide about `<=` against `<`, about
the float32 cast and about the last bit of the threshold; some nodes get further neighbours, in
float32 and in float64, and a row with NaN in the node's column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convert.prove.bisection import ROWS_PER_PAIR, bisect_rows, with_outward
from convert.prove.splits import Grove, as_seen, groves

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from convert.prove.rows.context import Context, Rows
    from convert.prove.splits import Nodes

_NEIGHBOURS = 8
_STRAIGHT_STEPS = 40


@dataclass(frozen=True)
class Threshold:
    """One inner node of one tree."""

    grove: Grove
    tree: Nodes
    node: int

    @property
    def feature(self) -> int:
        """The column that it compares."""
        return int(self.tree.feature[self.node])


def thresholds(context: Context, count: int) -> Rows:
    """Up to `count` rows at the thresholds of all trees, spread over the columns."""
    found = groves(context.reference.estimator, context.reference.frame)
    trees = [(grove, tree) for grove in found for tree in grove.trees]
    rng = context.random()
    per_node = 4 if context.policy.nan else 3
    chosen = _stratified(trees, max(count // per_node, 1), rng)
    if not chosen:
        return np.empty((0, context.features))
    parts = []
    for grove in {id(t.grove): t.grove for t in chosen}.values():
        mine = [t for t in chosen if t.grove is grove]
        if grove.by_column:
            parts.append(_by_column(context, grove, mine, rng))
        else:
            fewer = mine[: max(len(mine) * per_node // ROWS_PER_PAIR, 1)]
            parts.append(_by_samples(context, grove, fewer, rng))
    return np.concatenate(parts)[:count]


def total(estimator: object) -> int:
    """How many thresholds the estimator has."""
    found = groves(estimator, lambda X: X)
    return sum(len(tree.splits) for grove in found for tree in grove.trees)


def _stratified(
    trees: list[tuple[Grove, Nodes]], count: int, rng: np.random.Generator
) -> list[Threshold]:
    """`count` of their inner nodes, the columns taking turns."""
    if not trees:
        return []
    sizes = [len(tree.splits) for _, tree in trees]
    tree_of = np.repeat(np.arange(len(trees)), sizes)
    node = np.concatenate([tree.splits for _, tree in trees])
    feature = np.concatenate([tree.feature[tree.splits] for _, tree in trees])
    order = rng.permutation(len(node))
    by_feature = np.argsort(feature[order], kind="stable")
    grouped = feature[order][by_feature]
    turn = np.empty(len(order), dtype=np.intp)
    turn[by_feature] = np.arange(len(order)) - np.searchsorted(grouped, grouped)
    chosen = order[np.argsort(turn, kind="stable")[:count]]
    pairs = [(trees[tree_of[i]], int(node[i])) for i in chosen]
    return [Threshold(grove, tree, node) for (grove, tree), node in pairs]


def _by_column(
    context: Context, grove: Grove, chosen: list[Threshold], rng: np.random.Generator
) -> Rows:
    """Lead a sample into each node column by column, then bisect the node's own column."""
    base = context.base(rng, len(chosen))
    base = np.where(np.isfinite(base), base, 0.0)
    reach = _reach(context)
    seen = grove.before(base)
    # Columns are affine in scalers: two points invert them closely enough to reach a node.
    origin, one = grove.before(np.stack([np.zeros(base.shape[1]), np.ones(base.shape[1])]))
    for i, threshold in enumerate(chosen):
        for feature, target in _detours(threshold, seen[i]).items():
            if slope := float(one[feature] - origin[feature]):
                base[i, feature] = np.clip((target - origin[feature]) / slope, -reach, reach)
    rows = np.arange(len(chosen))
    column = np.array([t.feature for t in chosen])
    low, high = base.copy(), base.copy()
    low[rows, column], high[rows, column] = -reach, reach
    low, high = bisect_rows(low, high, _goes_left(grove, chosen))
    parts = [low, high]
    if context.policy.nan:
        routed = low[: len(rows) // 2].copy()
        routed[rows[: len(routed)], column[: len(routed)]] = np.nan
        parts.append(routed)
    further = rows[: len(rows) // _NEIGHBOURS]
    return np.concatenate([*parts, *_neighbours(low, high, column, further)])


def _by_samples(
    context: Context, grove: Grove, chosen: list[Threshold], rng: np.random.Generator
) -> Rows:
    """Behind a step that mixes columns: bisect between two samples either side of the node."""
    samples = context.samples[np.isfinite(context.samples).all(axis=1)]
    if not len(samples):
        return np.empty((0, context.features))
    kept, low, high = [], [], []
    seen = grove.before(samples)
    for threshold in chosen:
        inside = _inside(threshold, seen)
        left = (
            as_seen(seen[:, threshold.feature], single=threshold.tree.single)
            <= (threshold.tree.threshold[threshold.node])
        )
        a, b = np.flatnonzero(inside & left), np.flatnonzero(inside & ~left)
        if not len(a) or not len(b):
            a, b = np.flatnonzero(left), np.flatnonzero(~left)
        if len(a) and len(b):
            kept.append(threshold)
            low.append(samples[rng.choice(a)])
            high.append(samples[rng.choice(b)])
    if not kept:
        return np.empty((0, context.features))
    starts = np.array(low), np.array(high)
    ends = bisect_rows(*starts, _goes_left(grove, kept), straight_steps=_STRAIGHT_STEPS)
    return with_outward(starts, ends)


def _goes_left(grove: Grove, chosen: list[Threshold]) -> Callable[[Rows], NDArray[np.bool_]]:
    rows = np.arange(len(chosen))
    column = np.array([t.feature for t in chosen])
    limit = np.array([t.tree.threshold[t.node] for t in chosen])
    single = chosen[0].tree.single

    def goes_left(X: Rows) -> NDArray[np.bool_]:
        seen = as_seen(grove.before(X)[rows, column], single=single)
        return np.asarray(seen <= limit)

    return goes_left


def _reach(context: Context) -> float:
    """How far from zero a column may be moved."""
    limit = context.policy.limit
    largest = float(np.finfo(np.float32).max)
    return largest if limit is None else min(limit, largest)


def _detours(threshold: Threshold, seen: Rows) -> dict[int, float]:
    """Values of columns, as the trees see them, that lead one row into the node."""
    tree, child = threshold.tree, threshold.node
    low: dict[int, float] = {}
    high: dict[int, float] = {}
    while (parent := int(tree.parent[child])) >= 0:
        feature, value = int(tree.feature[parent]), float(tree.threshold[parent])
        if np.isfinite(value):
            if tree.left[parent] == child:
                high[feature] = min(high.get(feature, np.inf), value)
            else:
                low[feature] = max(low.get(feature, -np.inf), value)
        child = parent
    found = {}
    for feature in low.keys() | high.keys():
        above, below = low.get(feature, -np.inf), high.get(feature, np.inf)
        if not above < seen[feature] <= below:
            found[feature] = _between(above, below)
    return found


def _between(above: float, below: float) -> float:
    """A number in (above, below], away from its ends where there is room."""
    if np.isinf(above):
        return below - max(abs(below), 1.0) * 2.0**-10
    if np.isinf(below):
        return above + max(abs(above), 1.0) * 2.0**-10
    return above / 2 + below / 2


def _inside(threshold: Threshold, seen: Rows) -> NDArray[np.bool_]:
    """Which rows, as the trees see them, arrive at the node."""
    tree, child = threshold.tree, threshold.node
    inside = np.ones(len(seen), dtype=bool)
    while (parent := int(tree.parent[child])) >= 0:
        value = as_seen(seen[:, tree.feature[parent]], single=tree.single)
        left = value <= tree.threshold[parent]
        inside &= left if tree.left[parent] == child else ~left
        child = parent
    return inside


def _neighbours(
    low: Rows, high: Rows, column: NDArray[np.int64], which: NDArray[np.intp]
) -> list[Rows]:
    """Further steps of float64 and float32 away from the flip."""
    parts = []
    at = np.arange(len(which))
    for start, toward in ((low, -np.inf), (high, np.inf)):
        value = start[which, column[which]]
        with np.errstate(all="ignore"):
            single = value.astype(np.float32)
            further = np.nextafter(single, np.float32(toward))
        for moved in (np.nextafter(value, toward), single, further):
            rows = start[which].copy()
            rows[at, column[which]] = moved
            parts.append(rows)
    return parts
