"""What leaves this room: the ONNX bytes and how their outputs answer scikit-learn's verbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from convert.graph.columns import Column, TextInput
    from edge_infer.contract import Check, Classes

Kind = Literal["label", "score"]


@dataclass(frozen=True)
class EmittedOutput:
    """One output of the graph. `shape` has None for n."""

    verb: str
    name: str
    dtype: str
    shape: tuple[int | None, ...]
    kind: Kind
    target: int | None = None
    """Position in the list that the verb returns, None where it returns one array."""


@dataclass(frozen=True)
class Emitted:
    """A graph that claims to predict what the estimator predicts; `convert.prove` decides."""

    onnx: bytes
    outputs: tuple[EmittedOutput, ...]
    classes: Classes | None
    notes: tuple[str, ...]
    """What is not served and why."""
    target_classes: tuple[Classes, ...] = ()
    """A classifier of several outputs: the classes of each."""
    checks: tuple[Check, ...] = ()
    """Bool outputs that mark the rows on which scikit-learn raises."""
    columns: tuple[Column, ...] = ()
    """Typed inputs, one for each column; none where the input is the matrix `X`."""
    texts: tuple[TextInput, ...] = ()
    """Inputs that are counted from a column of documents, which has no input of its own."""
    left_out: int = 0
    """Steps of a search, which cost much and seldom tell, that a longer graph would have."""

    @property
    def is_shortened(self) -> bool:
        """Whether there is a longer graph."""
        return self.left_out > 0
