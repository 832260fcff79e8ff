"""What runs the graph: one engine per file, all behind one protocol."""

from __future__ import annotations

from edge_infer.engines.choice import ENGINES
from edge_infer.errors import BadInput, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Protocol

    from edge_infer.contract.schema import Contract
else:
    Protocol = object  # importing typing costs more than this package


class BoundRow(Protocol):
    """One row and one output in buffers that the engine reads and writes in place.

    Not safe for two threads: the caller holds a lock from filling `row` to reading `output`.
    """

    row: Any
    """float64 array of shape `(1, f)`."""
    output: Any
    """Array whose first length is 1."""

    def run(self) -> None:
        """Compute `output` from `row`."""


class Engine(Protocol):
    """A graph that is ready to run. Safe for any number of threads but for `bind_row`'s."""

    name: str
    version: str

    def run(self, output_names: Sequence[str], feeds: Mapping[str, Any]) -> list[Any]:
        """Outputs in the order asked for, as arrays; `feeds` maps input name to array."""

    def bind_row(self, input_name: str, output_name: str) -> BoundRow | None:
        """Buffers for the lowest latency, or None where the output's shape does not allow it."""


def open_engine(onnx: bytes, contract: Contract, *, name: str | None = None) -> Engine:
    """Choose an engine for this machine and open the graph in it.

    Raises:
        BadInput: there is no engine of that name.
        Unavailable: the engine is not installed here.
        Incompatible: the contract refuses its release, or it cannot open the graph.
    """
    if name is not None and name not in ENGINES:
        raise BadInput("no such engine", expected=", ".join(ENGINES), actual=name)
    try:
        from edge_infer.engines import onnxruntime
    except ImportError:
        raise Unavailable(
            "this bundle was made for devices without onnxruntime, and does not carry its engine",
            expected="a compiled model for this machine",
            hint="make one with: edge-infer bundle --target generic",
        ) from None

    return onnxruntime.open_engine(onnx, contract)
