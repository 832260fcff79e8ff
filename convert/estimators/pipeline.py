"""Composites: estimators that run other estimators."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sklearn.pipeline import Pipeline

from convert.errors import Unsupported
from convert.estimators.handover import (
    leaves_finite,
    received,
    refused_values,
    sets_apart,
    single_overflow,
)
from convert.estimators.members import Composite, Emit, emit_at
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor
    from convert.graph.emission import Check


def pipeline(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """Every step but the last transforms; the last one's verbs are the pipeline's."""
    y = x
    columns = int(getattr(estimator, "n_features_in_", 0)) or None
    emission = Emission({"transform": Scores(x, columns)})
    rows: Scores | None = None
    notes: list[str] = []
    checks: list[Check] = []
    finite, apart = True, False
    last = len(estimator.steps) - 1
    for position, (name, step) in enumerate(estimator.steps):
        if step is None or step == "passthrough":
            continue
        path = f"pipeline step {name!r}"
        if not finite:
            checks += refused_values(g, step, y)
        elif apart:
            checks += single_overflow(g, step, y)
        emission = _received(g, path, step, y, emit, rows)
        notes += emission.notes
        if position < last:
            if "transform" not in emission.verbs:
                raise Unsupported(f"step {name!r} has no exact transform")
            rows = emission.verbs["transform"]
            y = rows.tensor
            finite = finite and not leaves_finite(step)
            apart = apart or sets_apart(step)
            emission = Emission({"transform": rows})
    return replace(emission, notes=tuple(notes), checks=(*emission.checks, *checks))


def _received(
    g: Graph, path: str, step: object, y: Tensor, emit: Emit, rows: Scores | None
) -> Emission:
    def emit_step(g: Graph, step: object, y: Tensor) -> Emission:
        return received(step, emit(g, step, y), rows)

    return emit_at(g, path, step, y, emit_step)


COMPOSITES: dict[type, Composite] = {Pipeline: pipeline}
