"""Constant predictions: `sklearn.dummy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from convert.errors import Unsupported
from convert.estimators.arrays import dense
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_DETERMINISTIC = ("most_frequent", "prior", "constant")


def classifier(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The strategies that draw no random numbers."""
    if estimator._strategy not in _DETERMINISTIC:
        raise Unsupported(
            f"DummyClassifier(strategy={estimator._strategy!r}) draws its labels at random",
            expected=", ".join(_DETERMINISTIC),
            actual=estimator._strategy,
        )
    if estimator.n_outputs_ == 1:
        index, share = _constant(g, estimator, x, estimator.class_prior_, estimator.classes_, 0)
        return Emission({"predict_proba": share}, index)
    every = [
        _constant(g, estimator, x, prior, classes, target)
        for target, (prior, classes) in enumerate(
            zip(estimator.class_prior_, estimator.classes_, strict=True)
        )
    ]
    shares = tuple(share for _, share in every)
    return Emission(targets=tuple(index for index, _ in every), lists={"predict_proba": shares})


def _constant(
    g: Graph, estimator: Any, x: Tensor, class_prior: Any, classes: Any, target: int
) -> tuple[Tensor, Scores]:
    """One target's label as a position, and its probabilities."""
    prior = dense(class_prior)
    index = int(prior.argmax())
    if estimator._strategy == "constant":
        index = int(np.flatnonzero(classes == np.ravel(estimator.constant)[target])[0])
    share = prior if estimator._strategy == "prior" else np.eye(len(prior))[index]
    label = repeated(g, x, np.array(index, dtype=np.int64))
    return label, Scores(repeated(g, x, share), len(prior))


def regressor(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The same constants for every row."""
    constant = dense(estimator.constant_).reshape(-1)
    if int(estimator.n_outputs_) == 1:
        return Emission({"predict": Scores(repeated(g, x, constant[0]), None)})
    return Emission({"predict": Scores(repeated(g, x, constant), len(constant))})


def repeated(g: Graph, x: Tensor, value: np.ndarray) -> Tensor:
    """`value` for every row of x: `(n, *value.shape)`."""
    rows = g.op("Shape", x, start=0, end=1)
    shape = np.array(np.shape(value), dtype=np.int64)
    return g.op("Expand", np.asarray(value), g.op("Concat", rows, shape, axis=0))


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    DummyClassifier: classifier,
    DummyRegressor: regressor,
}
