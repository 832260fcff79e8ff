"""Every threshold of every tree in an estimator, and how rows get to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.prove.reference import quiet, steps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

_PLAIN_TREES = (
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "ExtraTreeClassifier",
    "ExtraTreeRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "HistGradientBoostingClassifier",
    "HistGradientBoostingRegressor",
    "IsolationForest",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "RandomTreesEmbedding",
)


_CHAINS = ("ClassifierChain", "RegressorChain")
"""Each of their members sees what those before it say, behind the rows."""


def is_tree_model(estimator: Any) -> bool:
    """Whether it is one of scikit-learn's tree models: sums of leaves and nothing else."""
    kind = type(estimator)
    return kind.__name__ in _PLAIN_TREES and kind.__module__.startswith("sklearn.")


@dataclass(frozen=True)
class Nodes:
    """One tree as arrays over its nodes; `left` is -1 at a leaf."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: Doubles
    single: bool
    """Whether rows are cast to float32 before the comparison `x <= threshold`."""

    @cached_property
    def splits(self) -> NDArray[np.intp]:
        """Positions of the inner nodes that a number reaches (categorical ones left out)."""
        return np.flatnonzero((self.left >= 0) & np.isfinite(self.threshold))

    @cached_property
    def parent(self) -> NDArray[np.int64]:
        """Each node's parent, -1 at the root."""
        found = np.full(len(self.left), -1, dtype=np.int64)
        inner = np.flatnonzero(self.left >= 0)
        found[self.left[inner]] = inner
        found[self.right[inner]] = inner
        return found


@dataclass(frozen=True)
class Grove:
    """Trees that see the rows through the same preceding steps."""

    before: Callable[[Doubles], Doubles]
    """Rows `(n, f)` as the trees see them, before the float32 cast."""
    by_column: bool
    """Whether column j of the trees depends on column j of the rows alone."""
    trees: tuple[Nodes, ...]


@dataclass(frozen=True)
class Splits:
    """All thresholds of one model in flat arrays."""

    feature: NDArray[np.int64]
    threshold: Doubles
    single: bool

    def seen(self, x: Doubles) -> Doubles:
        """Values as they are compared."""
        return as_seen(x, single=self.single)


def as_seen(x: Doubles, *, single: bool) -> Doubles:
    """float32 and back where the trees cast."""
    with np.errstate(all="ignore"):
        return x.astype(np.float32).astype(np.float64) if single else x


def own_splits(model: Any) -> Splits:
    """The thresholds of one tree model."""
    trees = list(trees_of(model))
    feature = np.concatenate([tree.feature[tree.splits] for tree in trees] or [np.zeros(0, int)])
    threshold = np.concatenate([tree.threshold[tree.splits] for tree in trees] or [np.zeros(0)])
    return Splits(feature, threshold, all(tree.single for tree in trees))


def groves(estimator: Any, frame: Callable[[Doubles], Any]) -> list[Grove]:
    """All trees of an estimator, those inside composites and ensembles among them.

    Members of an ensemble that see the same rows are one grove: their thresholds are approached in
    as many calls as those of one tree.

    `frame` makes of rows `(n, f)` what the estimator's first step was fitted on.
    """
    alike: dict[tuple[Callable[[Doubles], Any], bool, bool], list[Nodes]] = {}
    for before, by_column, trees in _trees_by_way(estimator, frame, by_column=True):
        alike.setdefault((before, by_column, trees[0].single), []).extend(trees)
    return [
        Grove(partial(_seen, before), by_column, tuple(trees))
        for (before, by_column, _), trees in alike.items()
    ]


def _seen(before: Callable[[Doubles], Any], X: Doubles) -> Doubles:
    return _dense(before(X))


def _trees_by_way(
    estimator: Any, before: Callable[[Doubles], Any], *, by_column: bool
) -> Iterator[tuple[Callable[[Doubles], Any], bool, tuple[Nodes, ...]]]:
    for _, step in steps_of(estimator)[:-1]:
        before, by_column = _through(before, step), by_column and _keeps_columns(step)
    last = steps_of(estimator)[-1][1]
    trees = tuple(trees_of(last))
    if trees and (order := _histogram_columns(last)) is not None:
        before = _categories_as_codes(before, last, order)
    if trees:
        yield before, by_column, trees
        return
    is_chain = type(last).__name__ in _CHAINS
    for position, member in enumerate(_members(last)):
        if is_chain and position:
            before, by_column = _behind(before, last, position - 1), False
        yield from _trees_by_way(member, before, by_column=by_column)


def _dense(rows: Any) -> Doubles:
    found = rows.toarray() if hasattr(rows, "toarray") else rows
    return np.asarray(found, dtype=np.float64)


def _through(before: Callable[[Doubles], Any], step: Any) -> Callable[[Doubles], Any]:
    def transform(X: Doubles) -> Any:
        with quiet():
            return step.transform(before(X))

    return transform


def _behind(
    before: Callable[[Doubles], Any], chain: Any, position: int
) -> Callable[[Doubles], Any]:
    """The rows that one member of a chain saw, and what it says of them in a column beside."""
    member, verb = chain.estimators_[position], getattr(chain, "chain_method_", "predict")

    def followed(X: Doubles) -> Doubles:
        rows = _dense(before(X))
        with quiet():
            said = np.asarray(getattr(member, verb)(rows), dtype=np.float64).reshape(len(rows), -1)
        return np.hstack([rows, said[:, -1:]])

    return followed


def _categories_as_codes(
    before: Callable[[Doubles], Any], model: Any, order: NDArray[np.intp]
) -> Callable[[Doubles], Any]:
    """What the trees of histogram boosting see, in the order of the rows' own columns."""

    def encoded(X: Doubles) -> Doubles:
        with quiet():
            seen = np.asarray(model._preprocess_X(before(X), reset=False), dtype=np.float64)
        found = np.empty_like(seen)
        found[:, order] = seen
        return found

    return encoded


def _keeps_columns(step: Any) -> bool:
    from sklearn import preprocessing

    return type(step) in (
        preprocessing.StandardScaler,
        preprocessing.MinMaxScaler,
        preprocessing.MaxAbsScaler,
        preprocessing.RobustScaler,
    )


def _members(estimator: Any) -> Iterator[Any]:
    """Fitted estimators inside an ensemble or wrapper that see its rows unchanged."""
    if getattr(estimator, "estimators_features_", None) is not None:
        return
    for name in ("estimators_", "estimator_", "regressor_", "calibrated_classifiers_"):
        found = getattr(estimator, name, None)
        if found is None:
            continue
        for member in flattened(found):
            yield getattr(member, "estimator", member) if "calibrated" in name else member
        # What comes after is the unfitted template of what was just found.
        return


def flattened(found: Any) -> Iterator[Any]:
    """The estimators in nested lists and arrays; a Pipeline, though a sequence, is one."""
    if isinstance(found, list | tuple | np.ndarray):
        for item in found:
            yield from flattened(item)
    else:
        yield found


def trees_of(model: Any) -> Iterator[Nodes]:
    """The trees of a tree model, none of anything else."""
    if not is_tree_model(model):
        return
    if hasattr(model, "_predictors"):
        order = _histogram_columns(model)
        for predictor in np.ravel(np.asarray(model._predictors, dtype=object)):
            yield _histogram_nodes(predictor.nodes, order)
        return
    if hasattr(model, "tree_"):
        yield _nodes(model.tree_, None)
        return
    columns = getattr(model, "estimators_features_", None)
    for i, tree in enumerate(np.ravel(np.asarray(model.estimators_, dtype=object))):
        yield _nodes(tree.tree_, None if columns is None else np.asarray(columns[i]))


def _nodes(tree: Any, columns: NDArray[np.int64] | None) -> Nodes:
    left = np.asarray(tree.children_left, dtype=np.int64)
    feature = np.maximum(np.asarray(tree.feature, dtype=np.int64), 0)
    if columns is not None:
        feature = columns[feature]
    return Nodes(
        left,
        np.asarray(tree.children_right, dtype=np.int64),
        feature,
        np.asarray(tree.threshold, dtype=np.float64),
        single=True,
    )


def _histogram_columns(model: Any) -> NDArray[np.intp] | None:
    """Which columns of the rows the trees read, where the categorical ones were put first."""
    if getattr(model, "_preprocessor", None) is None:
        return None
    return np.argsort(~np.asarray(model.is_categorical_, dtype=bool), kind="stable")


def _histogram_nodes(nodes: Any, order: NDArray[np.intp] | None) -> Nodes:
    inner = nodes["is_leaf"] == 0
    numeric = inner & (nodes["is_categorical"] == 0)
    return Nodes(
        np.where(inner, nodes["left"].astype(np.int64), -1),
        np.where(inner, nodes["right"].astype(np.int64), -1),
        nodes["feature_idx"].astype(np.int64) if order is None else order[nodes["feature_idx"]],
        np.where(numeric, nodes["num_threshold"], np.nan),
        single=False,
    )
