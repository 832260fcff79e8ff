"""Typed columns of a data frame inside a graph.

A frame of columns has no tensor of its own: it is handed from estimator to estimator under a
name, and becomes a float64 matrix where an operator reads it, which text cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from convert.graph.builder import Tensor
    from edge_infer.contract import Text

ColumnType = Literal["float64", "int64", "bool", "str"]
MissingAs = Literal["nan", "None"]


@dataclass(frozen=True)
class Column:
    """One column of shape `(n, 1)`: text, or numbers in a float64 tensor."""

    name: str
    dtype: ColumnType
    """What scikit-learn sees; the tensor is float64 or str."""
    tensor: Tensor
    missing: str | None = None
    """The text that stands for a missing value: ONNX has none."""
    missing_as: MissingAs = "nan"
    """What scikit-learn sees where text is missing."""
    replaced: tuple[tuple[str, str], ...] = ()
    """Texts that an imputer has turned into others; no operator is spent on it."""

    @property
    def is_text(self) -> bool:
        """Whether the tensor holds strings."""
        return self.dtype == "str"


@dataclass(frozen=True)
class TextInput:
    """An input of the graph that the runtime counts from a column of documents."""

    column: str
    tensor: Tensor
    text: Text

    @property
    def width(self) -> int:
        """Columns of the counts."""
        return len(self.text.vocabulary) or self.text.n_features
