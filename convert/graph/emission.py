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


@dataclass(frozen=True)
class Emission:
    """Tensors in scikit-learn's own shapes, n rows first."""

    verbs: Mapping[str, Scores] = field(default_factory=dict)
    """By verb: `predict_proba`, `decision_function`, `transform`, a regressor's `predict`."""
    index: Tensor | None = None
    """A classifier's `predict` as positions in `classes_`, int64 `(n,)`."""
    labels: Tensor | None = None
    """`predict` of a clusterer or an outlier detector: int64 `(n,)`, itself the label."""
    notes: tuple[str, ...] = ()
    """What is not served and why."""

    @property
    def transformed(self) -> Tensor:
        """The rows that the next step of a pipeline sees."""
        return self.verbs["transform"].tensor
