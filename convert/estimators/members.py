"""Estimators inside others: emitted under their path and asked as scikit-learn asks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import Unsupported
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor

Emit = Callable[["Graph", object, "Tensor"], Emission]
"""`dispatch.emit`, handed to a composite's emitter."""

Composite = Callable[["Graph", Any, "Tensor", Emit], Emission]


def emit_at(g: Graph, path: str, estimator: object, x: Tensor, emit: Emit) -> Emission:
    """`emit`, its refusals prefixed with the path of the estimator inside the composite."""
    try:
        return emit(g, estimator, x)
    except Unsupported as error:
        raise error.at(path) from error


@dataclass(frozen=True)
class Member:
    """A fitted estimator inside a composite, with what it adds to the graph."""

    path: str
    """Where it stands, such as `member 'svc'`."""
    estimator: Any
    emission: Emission

    def has(self, verb: str) -> bool:
        """Whether scikit-learn's estimator has the verb, exact here or not."""
        return hasattr(self.estimator, verb)

    def scores(self, verb: str) -> Scores:
        """The tensor of a verb.

        Raises:
            Unsupported: the verb has no exact graph.
        """
        if verb not in self.emission.verbs:
            raise Unsupported(
                f"{self.path}: {verb} of {type(self.estimator).__name__} is needed and has no "
                "exact graph",
                actual="; ".join(self.emission.notes) or None,
            )
        return self.emission.verbs[verb]

    def first_of(self, verbs: Sequence[str]) -> str:
        """The first verb that the estimator has: `sklearn.utils._check_response_method`."""
        for verb in verbs:
            if self.has(verb):
                return verb
        raise Unsupported(f"{self.path}: has none of {', '.join(verbs)}")

    @property
    def is_classifier(self) -> bool:
        """Whether its `predict` gives classes."""
        return self.emission.index is not None

    def numbers(self) -> tuple[float, ...]:
        """Its classes as numbers.

        Raises:
            Unsupported: they are text.
        """
        classes = np.asarray(self.estimator.classes_)
        if classes.dtype.kind not in "biuf":
            raise Unsupported(
                f"{self.path}: its labels are read as numbers",
                expected="numeric classes",
                actual=f"classes of dtype {classes.dtype}",
            )
        return tuple(float(value) for value in classes)

    def predicted(self, g: Graph) -> Scores:
        """`predict` as numbers, float64 `(n,)` or `(n, k)`."""
        if self.emission.index is not None:
            table = np.array(self.numbers())
            if np.array_equal(table, np.arange(len(table))):
                return Scores(g.cast(self.emission.index, np.float64), None)
            return Scores(g.op("Gather", table, self.emission.index), None)
        if self.emission.labels is not None:
            return Scores(g.cast(self.emission.labels, np.float64), self.emission.label_columns)
        return self.scores("predict")

    def positions(self, n_classes: int) -> tuple[int, ...]:
        """Its classes as positions 0 ... n_classes - 1, on which the composite trained it.

        Raises:
            Unsupported: they are other numbers, as those of a frozen member may be.
        """
        numbers = self.numbers()
        if not set(numbers) <= set(range(n_classes)):
            raise Unsupported(
                f"{self.path}: it was trained on other labels than the composite gives its members",
                expected=f"classes among 0 ... {n_classes - 1}",
                actual=f"classes {list(numbers)}",
                hint="train it inside the composite, or encode its labels as 0 ... k - 1",
            )
        return tuple(int(number) for number in numbers)


def member(g: Graph, path: str, estimator: Any, x: Tensor, emit: Emit) -> Member:
    """Add an estimator that a composite runs.

    Raises:
        Unsupported: it has no exact converter, under its path.
    """
    return Member(path, estimator, emit_at(g, path, estimator, x, emit))


def served(estimator: Any, emission: Emission) -> Emission:
    """What a wrapper passes on: the verbs that it has itself."""
    verbs = {verb: scores for verb, scores in emission.verbs.items() if hasattr(estimator, verb)}
    return replace(emission, verbs=verbs)


def summed(g: Graph, parts: Sequence[Tensor]) -> Tensor:
    """The members' tensors added one after the other, as Python's `sum` adds arrays."""
    return parts[0] if len(parts) == 1 else g.op("Sum", *parts)
