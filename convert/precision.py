"""How many bits the graph computes with, and how far its scores may then lie.

Double is the default and repeats scikit-learn's arithmetic. float32 is smaller and faster: its
labels are proven equal on every sample and on every probe whose decision is wider than the
tolerance that the certificate declares; its scores lie within that tolerance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping

Precision = Literal["double", "float32", "auto"]

DOUBLE_TOLERANCE = 1e-9
SINGLE_TOLERANCES = (1e-6, 1e-5, 1e-4)
"""What a float32 graph may declare; the least that proves is declared."""

TOLERANCES: Mapping[str, tuple[float, ...]] = {
    "double": (DOUBLE_TOLERANCE,),
    "float32": SINGLE_TOLERANCES,
    "auto": (DOUBLE_TOLERANCE, *SINGLE_TOLERANCES),
}


def check_precision(precision: str) -> Precision:
    """One of the three words.

    Raises:
        BadInput: it is another.
    """
    if precision not in TOLERANCES:
        raise BadInput("no such precision", expected=", ".join(TOLERANCES), actual=precision)
    return cast("Precision", precision)
