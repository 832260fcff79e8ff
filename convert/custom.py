"""Emitters for classes of the user's own. What they emit is proven as everything else is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor
    from convert.graph.emission import Emission

    Emitter = Callable[[Graph, Any, Tensor], Emission]

_REGISTERED: dict[type, Emitter] = {}


def register(estimator: type, emitter: Emitter) -> None:
    """Let `convert.export` emit a class of your own, alone or within a pipeline.

    A signed pickle cannot name such a class: it is exported in memory. The proof knows nothing
    of who wrote an emitter, and refuses a wrong one.

    Args:
        estimator: a subclass of `sklearn.base.BaseEstimator`; instances of its subclasses are
            not meant.
        emitter: called with the graph, the fitted estimator and its rows, float64 `(n, f)`; it
            returns an `Emission`.

    Raises:
        BadInput: it is no such class, or one of scikit-learn's.
    """
    from sklearn.base import BaseEstimator

    if not isinstance(estimator, type) or not issubclass(estimator, BaseEstimator):
        raise BadInput(
            "only a class of estimators can be registered",
            expected="a subclass of sklearn.base.BaseEstimator",
            actual=estimator,
        )
    if estimator.__module__.partition(".")[0] == "sklearn":
        raise BadInput(
            "scikit-learn's own classes keep their emitters",
            expected="a class of your own",
            actual=f"{estimator.__module__}.{estimator.__qualname__}",
        )
    _REGISTERED[estimator] = emitter


def registered(kind: type) -> Emitter | None:
    """The emitter of a class, None where nobody registered one."""
    return _REGISTERED.get(kind)
