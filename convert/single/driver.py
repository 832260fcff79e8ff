"""Declare the least tolerance that a float32 graph can prove, or refuse it with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convert.errors import NotExact
from convert.graph.compaction import compacted
from convert.graph.folding import folded
from convert.precision import SINGLE_TOLERANCES
from convert.prove.compare import largest, score_difference
from convert.prove.engine import LARGE_BATCH, Graph
from convert.prove.reference import Reference
from convert.single.opening import left_to_opening
from convert.single.rewrite import in_single

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from convert.graph.emitted import Emitted
    from convert.prove import Proof
    from convert.table import TableCodec

SAMPLES = 300
ROOM = 16.0
"""How much farther hostile rows may lie than the samples, at least, for a tolerance to be tried."""


def prove_single(
    estimator: Any,
    emitted: Emitted,
    rows: NDArray[np.float64],
    prove: Callable[[Emitted, float], Proof],
    *,
    columns: tuple[str, ...] | None = None,
    codec: TableCodec | None = None,
) -> tuple[Emitted, Proof]:
    """The float32 graph of an emitted double graph, and its proof.

    `prove` takes the graph and the tolerance that it is to declare.

    Raises:
        Unsupported: a constant is beyond float32.
        NotExact: no tolerance proves.
    """
    checks = [check.name for check in emitted.checks]
    # Folded before, for what is computed of constants is computed in double.
    narrow = in_single(folded(emitted.onnx), checks)
    written = compacted(narrow), compacted(left_to_opening(narrow, emitted.onnx))
    single = replace(emitted, onnx=min(written, key=len))
    reference = Reference(estimator, emitted.outputs, columns, codec=codec)
    least = ROOM * _on_samples(reference, Graph(single, codec), rows[:SAMPLES])
    refused: NotExact | None = None
    *_, widest = SINGLE_TOLERANCES
    for tolerance in [t for t in SINGLE_TOLERANCES if t >= least] or [widest]:
        try:
            return single, prove(single, tolerance)
        except NotExact as error:
            refused = error
    assert refused is not None
    raise NotExact(
        f"float32 does not predict what the estimator predicts: {refused.what}",
        expected=refused.expected,
        actual=refused.actual,
        hint="use precision='double', or scale the columns before the model",
    ) from refused


def _on_samples(reference: Reference, graph: Graph, rows: NDArray[np.float64]) -> float:
    """The largest relative difference of any score."""
    want, got = reference.answers(rows), graph.in_batches(rows, LARGE_BATCH)
    differences = [
        score_difference(got[o.name], want[o.name], largest(want[o.name])).max()
        for o in reference.outputs
        if o.kind == "score"
    ]
    return float(max(differences, default=0.0))
