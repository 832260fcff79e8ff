"""Codes of rows over components: in closed form where there is one, else refused with why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from sklearn.decomposition import (
    NMF,
    DictionaryLearning,
    LatentDirichletAllocation,
    MiniBatchDictionaryLearning,
    MiniBatchNMF,
    MiniBatchSparsePCA,
    SparseCoder,
    SparsePCA,
)

from convert.errors import Unsupported
from convert.estimators.arrays import Doubles, dense
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

    Emitter = Callable[[Graph, Any, Tensor], Emission]


def dictionary_learning(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`DictionaryLearning.transform` by thresholds; its other algorithms are solvers."""
    alpha = estimator.transform_alpha
    return _coded(
        g, estimator, x, estimator.components_, estimator.alpha if alpha is None else alpha
    )


def sparse_coder(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`SparseCoder.transform` by thresholds."""
    return _coded(g, estimator, x, estimator.dictionary, estimator.transform_alpha)


def _coded(g: Graph, estimator: Any, x: Tensor, dictionary: Any, alpha: float | None) -> Emission:
    algorithm = estimator.transform_algorithm
    if algorithm != "threshold":
        raise Unsupported(
            f"{type(estimator).__name__} codes a row by {algorithm}, which runs until a tolerance "
            "is met: its steps and its choice of atoms hang on rounding",
            expected="transform_algorithm='threshold'",
            actual=f"transform_algorithm={algorithm!r}",
            hint="use transform_algorithm='threshold'",
        )
    atoms: Doubles = dense(dictionary)
    product = g.op("MatMul", x, atoms.T)
    beyond = g.op("Sub", g.op("Abs", product), 1.0 if alpha is None else float(alpha))
    y = g.op("Mul", g.op("Sign", product), g.op("Max", beyond, 0.0))
    if estimator.positive_code:
        y = g.op("Max", y, 0.0)
    if not estimator.split_sign:
        return Emission({"transform": Scores(y, len(atoms))})
    positive = g.op("Max", y, 0.0)
    negative = g.op("Neg", g.op("Min", y, 0.0))
    y = g.op("Concat", positive, negative, axis=1)
    return Emission({"transform": Scores(y, 2 * len(atoms))})


def sparse_pca(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`SparsePCA.transform`: a ridge regression on the components, in closed form."""
    components: Doubles = dense(estimator.components_)
    penalty = float(estimator.ridge_alpha) * np.eye(len(components))
    weights = dense(np.linalg.solve(components @ components.T + penalty, components).T)
    y = g.op("MatMul", g.op("Sub", x, dense(estimator.mean_)), weights)
    note = "a single row gets a first axis too, which scikit-learn's SparsePCA leaves out"
    return Emission({"transform": Scores(y, len(components))}, notes=(note,))


def _refused(reason: str, hint: str) -> Emitter:
    def refuse(g: Graph, estimator: Any, x: Tensor) -> NoReturn:
        del g, x
        raise Unsupported(f"{type(estimator).__name__} {reason}", hint=hint)

    return refuse


_SOLVER = "solves for every row in as many rounds as a tolerance asks for, in one batch together"
_PCA = "use PCA, TruncatedSVD or FactorAnalysis, which transform in closed form"

EMITTERS: dict[type, Emitter] = {
    DictionaryLearning: dictionary_learning,
    LatentDirichletAllocation: _refused(_SOLVER, _PCA),
    MiniBatchDictionaryLearning: dictionary_learning,
    MiniBatchNMF: _refused(_SOLVER, _PCA),
    MiniBatchSparsePCA: sparse_pca,
    NMF: _refused(_SOLVER, _PCA),
    SparseCoder: sparse_coder,
    SparsePCA: sparse_pca,
}
