"""The estimator itself, asked through its public verbs: what the graph has to match."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import NotExact
from convert.prove.compare import RELATIVE_TOLERANCE
from convert.prove.sharing import with_shared_answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.refusals import Refusals
    from convert.table import TableCodec

    Answers = Mapping[str, NDArray[Any]]
    """By output name, each with n rows first."""

_SHOWN = 8


@dataclass(frozen=True)
class Reference:
    """A fitted estimator and the verbs that the graph claims to answer.

    `columns` are the names it was fitted with: rows are then handed over as a DataFrame where
    pandas is at hand, because a ColumnTransformer picks columns by name.
    """

    estimator: Any
    outputs: Sequence[EmittedOutput]
    columns: tuple[str, ...] | None
    refusals: Refusals | None = None
    """Repairs the rows on which scikit-learn raises, so that the others can be asked about."""
    codec: TableCodec | None = None
    """Makes a data frame of numbers and text of rows that are codes."""
    tolerance: float = RELATIVE_TOLERANCE
    """How far scores may lie from scikit-learn's, relative to max(|want|, S)."""

    def answers(self, X: NDArray[Any]) -> Answers:
        """All outputs for the rows `(n, f)`; raises whatever scikit-learn raises."""
        return self.answers_of(self.estimator, self.frame(X))

    def as_given(self, X: NDArray[Any]) -> Answers:
        """`answers` without any repair, in the rows' own dtype."""
        return self.answers_of(self.estimator, self.named(X))

    def answers_of(self, estimator: Any, X: Any) -> Answers:
        """The same verbs of another estimator, such as the last step of the pipeline."""
        found: dict[str, NDArray[Any]] = {}
        asked = with_shared_answers(estimator)
        for verb in dict.fromkeys(output.verb for output in self.outputs):
            outputs = [output for output in self.outputs if output.verb == verb]
            with quiet():
                answer = getattr(asked, verb)(X)
            for output, part in zip(outputs, _parts(answer, outputs), strict=True):
                found[output.name] = as_emitted(_with_rows(np.asarray(part), output), output)
        return found

    def answer_of(self, estimator: Any, output: EmittedOutput, X: Any) -> NDArray[Any]:
        """One verb that returns one array, its labels in the dtype that the graph gives them."""
        with quiet():
            found = np.asarray(getattr(estimator, output.verb)(X))
        return as_emitted(found, output)

    def one_by_one(self, X: NDArray[Any]) -> Answers:
        """`answers`, but each row in a call of its own; they are repaired together."""
        kept = X if self.refusals is None else self.refusals.repaired(X)
        rows = [self.as_given(kept[i : i + 1]) for i in range(len(kept))]
        return {o.name: np.concatenate([row[o.name] for row in rows]) for o in self.outputs}

    def frame(self, X: NDArray[Any]) -> Any:
        """The rows as scikit-learn saw them at `fit`, all of them such as it answers."""
        return self.named(X if self.refusals is None else self.refusals.repaired(X))

    def shown(self, row: NDArray[Any]) -> str:
        """One row `(f,)` for a message."""
        return shortened(row) if self.codec is None else self.codec.shown(row)

    def named(self, X: NDArray[Any]) -> Any:
        """The rows in their own dtype, without any repair, under the names of training."""
        if self.codec is not None:
            return self.codec.frame(X)
        if self.columns is None or not hasattr(self.estimator, "feature_names_in_"):
            return X
        try:
            import pandas as pd
        except ImportError:
            return X
        return pd.DataFrame(X, columns=list(self.columns))


def shortened(values: NDArray[Any]) -> str:
    """A row as exact decimals, cut after a few columns."""
    shown = ", ".join(repr(float(value)) for value in values[:_SHOWN])
    more = len(values) - _SHOWN
    return f"[{shown}, … {more} more]" if more > 0 else f"[{shown}]"


def _parts(answer: Any, outputs: Sequence[EmittedOutput]) -> Sequence[Any]:
    """One array for each output of the verb.

    Raises:
        NotExact: the graph has a list of arrays where the estimator has one, or of other length.
    """
    listed = outputs[0].target is not None
    if listed != isinstance(answer, list) or (len(answer) if listed else 1) != len(outputs):
        raise NotExact(
            f"{outputs[0].verb} of the exported graph has other parts",
            expected=f"{len(answer)} arrays" if isinstance(answer, list) else "one array",
            actual=f"{len(outputs)} arrays" if listed else "one array",
        )
    return answer if listed else [answer]


def _with_rows(found: NDArray[Any], output: EmittedOutput) -> NDArray[Any]:
    """The answer to a single row with the axis of rows that `SparsePCA.transform` leaves out."""
    lost = len(output.shape) == 2 and found.shape == output.shape[1:]
    return found[None] if lost else found


def as_emitted(found: NDArray[Any], output: EmittedOutput) -> NDArray[Any]:
    """Labels as the graph gives them (bool as int64 0/1, strings as objects), scores untouched."""
    if output.kind != "label":
        return found
    if found.dtype.kind in "OU":
        return np.array([str(value) for value in found.ravel()], dtype=object).reshape(found.shape)
    return found.astype(np.float64 if found.dtype.kind == "f" else np.int64)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No warnings from hostile rows, and sums in one fixed order.

    A forest with `n_jobs` adds its trees in whatever order the threads finish. It sets every
    filter of warnings anew for each of its trees, so there is one alone.
    """
    import joblib
    import sklearn

    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        sklearn.config_context(assume_finite=False, transform_output="default"),
        joblib.parallel_config(backend="sequential"),
    ):
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        yield


def steps_of(estimator: Any) -> list[tuple[str, Any]]:
    """A pipeline's steps in order, nested pipelines and fitted searches laid open.

    An estimator that is no pipeline is its own single step. `passthrough` steps are left out.
    """
    from sklearn.model_selection._search import BaseSearchCV
    from sklearn.pipeline import Pipeline

    if isinstance(estimator, BaseSearchCV) and hasattr(estimator, "best_estimator_"):
        return steps_of(estimator.best_estimator_)
    if type(estimator) is not Pipeline:
        return [(type(estimator).__name__, estimator)]
    found: list[tuple[str, Any]] = []
    for name, step in estimator.steps:
        if step is None or step == "passthrough":
            continue
        inner = steps_of(step)
        nested = type(step) is Pipeline
        found.extend((f"{name}.{inner_name}" if nested else name, s) for inner_name, s in inner)
    return found
