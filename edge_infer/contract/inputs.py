"""What kind of rows a contract's inputs are: one matrix, columns of a table, or texts."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_infer.contract.schema import Input


def is_typed(inputs: Sequence[Input]) -> bool:
    """Whether each input is a column of a data frame, and not one matrix of numbers."""
    return len(inputs) > 1 or inputs[0].accepts == ("str",)


def is_text_alone(inputs: Sequence[Input]) -> bool:
    """Whether the model takes a sequence of documents instead of columns."""
    return inputs[0].accepts == ("str",) and inputs[0].columns is None
