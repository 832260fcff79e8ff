"""How many rows a proof tries, by what an answer costs: counted, not timed.

A clock would give a loaded machine a smaller proof than an idle one, and one model two
certificates. So the cost is counted: the calls that scikit-learn makes for one row and for many,
the nodes of the graph and the bytes of its constants. Counts are rounded up to powers of two, so
that a few calls more or fewer change nothing.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.graph.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from convert.graph.emitted import Emitted
    from convert.prove.reference import Reference

    Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Bounds:
    """The least and the most rows, whatever they cost."""

    probes: tuple[int, int]
    alone: tuple[int, int]
    engine: tuple[int, int]
    row_buffers: int


BOUNDS = Bounds(probes=(1200, 6000), alone=(40, 600), engine=(300, 6000), row_buffers=500)

SECONDS = 1.5
"""What each part of a proof may take on a common machine, within the bounds."""
_ALONE_SECONDS = 0.75
"""For rows that scikit-learn is asked one by one: a forest sets up every tree for each of them."""
_CALL_SECONDS = 0.4e-6
_BYTE_SECONDS = 0.2e-9
_NODE_SECONDS = 4e-6
"""Measured with numpy 2 and onnxruntime 1.32 on one core, rounded up."""
_FEW = 256


@dataclass(frozen=True)
class Effort:
    """How many rows each part of a proof tries."""

    probes: int
    """Rows of all kinds, answered in batches."""
    alone: int
    """Rows that scikit-learn is asked one by one."""
    engine: int
    """Rows that the graph is given one by one and in small batches."""
    row_buffers: int
    """Rows that go through the buffers of `predict_one`."""


def counted_effort(reference: Reference, emitted: Emitted, samples: Rows) -> Effort:
    """The effort that `SECONDS` allow for each part, within `BOUNDS`."""
    one, few = _calls(reference, samples[:1]), _calls(reference, samples[:_FEW])
    served = folded(emitted.onnx)
    size = float(len(served)) * _BYTE_SECONDS
    rows = max(min(len(samples), _FEW) - 1, 1)
    together = size + max(few - one, 0) / rows * _CALL_SECONDS
    in_graph = size + _nodes(served) * _NODE_SECONDS
    engine = _rows(in_graph, BOUNDS.engine)
    return Effort(
        _rows(together, BOUNDS.probes),
        _rows(one * _CALL_SECONDS, BOUNDS.alone, _ALONE_SECONDS),
        engine,
        min(BOUNDS.row_buffers, engine),
    )


def _rows(row_seconds: float, bounds: tuple[int, int], seconds: float = SECONDS) -> int:
    rounded = 2.0 ** np.ceil(np.log2(max(row_seconds, 1e-9)))
    return int(np.clip(seconds / rounded, *bounds))


def _nodes(onnx_bytes: bytes) -> int:
    import onnx

    return len(onnx.load_model_from_string(onnx_bytes).graph.node)


def _calls(reference: Reference, X: Rows) -> int:
    """Calls of Python and C functions that an answer takes once everything is imported.

    They are counted in a thread of their own, so that whoever profiles this one goes on.
    """
    made, raised = 0, list[Exception]()

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    def ask() -> None:
        try:
            reference.answers(X)
            sys.setprofile(count)
            reference.answers(X)
        except Exception as error:
            raised.append(error)
        finally:
            sys.setprofile(None)

    thread = threading.Thread(target=ask)
    with _no_collections():
        thread.start()
        thread.join()
    if raised:
        raise raised[0]
    return made


@contextlib.contextmanager
def _no_collections() -> Iterator[None]:
    """No garbage is collected, whose callbacks would be counted."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
