"""Find the emitter of an estimator, or refuse it by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convert.custom import registered
from convert.errors import Unsupported
from convert.estimators import (
    adaboost,
    bagging,
    boosting,
    calibration,
    clusters,
    cross_decomposition,
    decomposition,
    delegates,
    discretization,
    discriminants,
    dummies,
    encoders,
    expansions,
    forests,
    functions,
    gaussian_processes,
    generalized_linear,
    gradient_boosting,
    imputation,
    isotonic,
    iterative_imputation,
    kernel_approximation,
    kernel_projections,
    label_columns,
    label_propagation,
    linear_classifiers,
    linear_maps,
    linear_regressors,
    local_embedding,
    mixtures,
    multiclass,
    multioutput,
    naive_bayes,
    neighbor_graphs,
    neighbor_imputation,
    neighbors,
    neural,
    outliers,
    passive_aggressive,
    pipeline,
    power,
    quantiles,
    radius_neighbors,
    ransac,
    scaling,
    selection,
    sparse_codes,
    splines,
    stacking,
    svm,
    target_transform,
    text_vectorizers,
    thresholds,
    tree_embedding,
    trees,
    unions,
    voting,
)
from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor
    from convert.graph.emission import Check, Emission

Emitter = Callable[["Graph", Any, "Tensor"], "Emission"]
"""Of one class: the graph, a fitted estimator and its rows. Raises Unsupported for a setting that
has no exact graph; so do those of composites, which are handed `emit` for what they contain."""
CompositeEmitter = Callable[["Graph", Any, "Tensor", Any], "Emission"]

_FAMILIES = (
    boosting,
    clusters,
    cross_decomposition,
    decomposition,
    discretization,
    discriminants,
    dummies,
    encoders,
    expansions,
    forests,
    functions,
    gaussian_processes,
    generalized_linear,
    imputation,
    isotonic,
    kernel_approximation,
    kernel_projections,
    label_columns,
    label_propagation,
    linear_classifiers,
    linear_maps,
    linear_regressors,
    local_embedding,
    mixtures,
    multiclass,
    naive_bayes,
    neighbor_graphs,
    neighbor_imputation,
    neighbors,
    neural,
    outliers,
    passive_aggressive,
    power,
    quantiles,
    radius_neighbors,
    scaling,
    selection,
    sparse_codes,
    splines,
    svm,
    text_vectorizers,
    tree_embedding,
    trees,
)

_COMPOSITE_FAMILIES = (
    adaboost,
    bagging,
    calibration,
    delegates,
    gaussian_processes,
    gradient_boosting,
    iterative_imputation,
    multiclass,
    multioutput,
    pipeline,
    ransac,
    selection,
    stacking,
    target_transform,
    thresholds,
    unions,
    voting,
)

EMITTERS: Mapping[type, Emitter] = {
    estimator: emitter for family in _FAMILIES for estimator, emitter in family.EMITTERS.items()
}
"""Estimators that stand alone."""

COMPOSITES: Mapping[type, CompositeEmitter] = {
    estimator: emitter
    for family in _COMPOSITE_FAMILIES
    for estimator, emitter in family.COMPOSITES.items()
}
"""Estimators that run other estimators; their emitter is handed `emit` for them."""


_VERBS = ("predict", "transform", "score_samples", "decision_function")


def emit(graph: Graph, estimator: object, x: Tensor) -> Emission:
    """Add a fitted estimator that reads `x`, float64 `(n, f)`.

    Raises:
        BadInput: it is not a fitted estimator.
        Unsupported: no exact converter for it or its settings.
    """
    _check_kind(estimator)
    kind = type(estimator)
    emitter = EMITTERS.get(kind) or registered(kind)
    if emitter is None and kind not in COMPOSITES:
        raise _without_converter(kind)
    _check_fitted(estimator)
    if emitter is None:
        return _composite(graph, estimator, x)
    return emitter(graph, estimator, x)


def _composite(graph: Graph, estimator: object, x: Tensor) -> Emission:
    """Whatever an inner estimator raises on, the composite around it raises on."""
    checks: list[Check] = []

    def emit_inner(graph: Graph, inner: object, y: Tensor) -> Emission:
        emission = emit(graph, inner, y)
        checks.extend(emission.checks)
        return emission

    emission = COMPOSITES[type(estimator)](graph, estimator, x, emit_inner)
    every = dict.fromkeys((*checks, *emission.checks))
    return replace(emission, checks=tuple(every))


def class_path(kind: type) -> str:
    """`sklearn.linear_model.SGDClassifier`, without private modules."""
    public = [part for part in kind.__module__.split(".") if not part.startswith("_")]
    return ".".join([*public, kind.__qualname__])


def _without_converter(kind: type) -> Unsupported:
    if kind.__module__.partition(".")[0] != "sklearn":
        return Unsupported(
            f"there is no exact converter for {class_path(kind)}",
            hint="use one of the estimators in docs/converting.md; a subclass of a supported "
            "class is refused because it may predict otherwise; for a class of your own see "
            "convert.register",
        )
    if any(hasattr(kind, verb) for verb in _VERBS):
        return Unsupported(
            f"there is no exact converter for {class_path(kind)}",
            hint="use one of the estimators in docs/converting.md",
        )
    return Unsupported(
        f"{class_path(kind)} has no answer for new rows",
        expected=f"an estimator with {', '.join(_VERBS[:-1])} or {_VERBS[-1]}",
        hint="of those that cluster or place the training alone, use one that predicts or "
        "transforms (docs/converting.md), or train one on what it gave",
    )


def _check_kind(estimator: object) -> None:
    from sklearn.base import BaseEstimator

    if isinstance(estimator, BaseEstimator):
        return
    kind = type(estimator)
    predicts = not isinstance(estimator, type) and any(hasattr(kind, verb) for verb in _VERBS)
    raise BadInput(
        "this is not a scikit-learn estimator",
        expected="a fitted estimator or Pipeline",
        actual=f"{kind.__module__}.{kind.__qualname__}",
        hint="let the class derive from sklearn.base.BaseEstimator, and name an emitter for it "
        "by convert.register"
        if predicts
        else "dump the fitted estimator itself, not its class, parameters or predictions",
    )


def _check_fitted(estimator: object) -> None:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils import get_tags
    from sklearn.utils.validation import check_is_fitted

    members = getattr(estimator, "estimators_", None)
    if isinstance(members, list) and not members:
        raise BadInput(
            f"{class_path(type(estimator))} is fitted in part: it has no members",
            expected="the estimators_ that fit sets",
            actual="none",
            hint="call fit before dumping it, and change nothing of what it set",
        )
    try:
        check_is_fitted(estimator)
        tags = get_tags(estimator)
        stateless = not tags.requires_fit and not tags.input_tags.string
        if stateless and type(estimator) in EMITTERS and not hasattr(estimator, "n_features_in_"):
            raise NotFittedError
    except NotFittedError:
        raise BadInput(
            f"{class_path(type(estimator))} is not fitted",
            hint="call fit before dumping it",
        ) from None
