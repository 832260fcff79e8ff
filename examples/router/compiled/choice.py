"""Which flow table serves: the compiled one where it was built, else the one in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from edge_infer import Unavailable
from examples.router.compiled.compiler import built
from examples.router.flows import FlowTable

if TYPE_CHECKING:
    from examples.router.flows import Table

Kind = Literal["python", "compiled"]
KINDS: tuple[Kind, ...] = ("python", "compiled")


def open_table(kind: Kind | None = None) -> Table:
    """An empty flow table.

    Raises:
        Unavailable: the compiled one is asked for and is not built from these sources.
    """
    path = None if kind == "python" else built()
    if path is None:
        if kind == "compiled":
            raise Unavailable(
                "the compiled flow table is not built, or of other sources than these",
                hint="build it: python3 -m examples.router compile",
            )
        return FlowTable()
    from examples.router.compiled.table import CompiledTable

    return CompiledTable(path)
