"""What one estimator adds to the graph: a tensor for each of its verbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convert.graph.builder import Tensor


@dataclass(frozen=True)
class Scores:
    """A float64 tensor of shape `(n,)` where `columns` is None, else `(n, columns)`."""

    tensor: Tensor
    columns: int | None
    dtype: str = "float64"
    """What scikit-learn returns; the tensor itself is float64 wherever a next step reads it."""
    sparse: bool = False
    """Whether scikit-learn returns a sparse matrix: fine for a next step, not for a device."""


@dataclass(frozen=True)
class Check:
    """Rows on which scikit-learn raises, such as an unknown category."""

    tensor: Tensor
    """bool `(n,)`, true where the row must be refused."""
    message: str


@dataclass(frozen=True)
class Emission:
    """Tensors in scikit-learn's own shapes, n rows first."""

    verbs: Mapping[str, Scores] = field(default_factory=dict)
    """By verb: `predict_proba`, `decision_function`, `transform`, a regressor's `predict`."""
    index: Tensor | None = None
    """A classifier's `predict` as positions in `classes_`, int64 `(n,)`."""
    labels: Tensor | None = None
    """`predict` that is itself the label, int64: of a clusterer or an outlier detector `(n,)`,
    of a multi-label classifier `(n, label_columns)`."""
    notes: tuple[str, ...] = ()
    """What is not served and why."""
    label_columns: int | None = None
    """The k of multi-label `labels`."""
    targets: tuple[Tensor, ...] = ()
    """A classifier of several outputs: `predict` of target i as positions in `classes_[i]`,
    int64 `(n,)` each; together `(n, k)`."""
    target_dtype: str | None = None
    """What `predict` returns where that is not the dtype of the classes (ClassifierChain)."""
    lists: Mapping[str, tuple[Scores, ...]] = field(default_factory=dict)
    """Verbs that return a list with one array for each target."""
    checks: tuple[Check, ...] = ()
    """A row that one of them marks has no answer; composites need not carry them along."""

    @property
    def transformed(self) -> Tensor:
        """The rows that the next step of a pipeline sees."""
        return self.verbs["transform"].tensor
