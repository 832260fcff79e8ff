"""`edge-infer bench`: how long a prediction takes on this machine."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from edge_infer.artifact import open_artifact, read_artifact
from edge_infer.commands import Command, add_bundle_arguments
from edge_infer.commands.output import columns, print_json
from edge_infer.commands.standard_output import say
from edge_infer.contract.inputs import is_text_alone, is_typed
from edge_infer.errors import BadInput, Unavailable
from edge_infer.selftest import read_golden

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from edge_infer.artifact import VerifiedArtifact
    from edge_infer.model import Model

ROUNDS = 15
BATCH_ROWS = 256


def median_us(call: Callable[[], object], *, rounds: int = ROUNDS, round_s: float = 0.02) -> float:
    """Median over the rounds of the microseconds a call takes; a round fills `round_s`."""
    started = time.perf_counter()
    call()
    once = time.perf_counter() - started
    calls = max(1, int(round_s / max(once, 1e-7)))
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(calls):
            call()
        found.append((time.perf_counter() - started) / calls * 1e6)
    return statistics.median(found)


def _run(arguments: argparse.Namespace) -> int:
    started = time.perf_counter()
    artifact = read_artifact(arguments.bundle, trust=arguments.trust)
    model = open_artifact(artifact)
    load_ms = (time.perf_counter() - started) * 1e3
    try:
        import numpy  # noqa: F401
    except ImportError:
        raise Unavailable("timing needs numpy", hint="pip install numpy") from None

    if "predict" not in model.verbs:
        raise BadInput(
            "this model does not predict",
            expected="a model with the verb predict",
            actual=", ".join(model.verbs),
            hint="time its own verb from Python: edge_infer.load(…).transform(rows)",
        )
    row, one, batch = _rows(model, artifact)
    found = {
        "load_ms": round(load_ms, 1),
        "predict_one_us": round(median_us(lambda: model.predict_one(row)), 2),
        "predict_row_us": round(median_us(lambda: model.predict(one)), 2),
        "predict_batch_us": round(median_us(lambda: model.predict(batch)), 2),
    }
    if arguments.json:
        print_json({"engine": model.engine, "batch_rows": BATCH_ROWS, **found})
        return 0
    lines = columns(
        [
            ("load, verify, self-test", f"{found['load_ms']:.1f} ms"),
            ("predict_one, one row", f"{found['predict_one_us']:.1f} µs"),
            ("predict, one row", f"{found['predict_row_us']:.1f} µs"),
            (f"predict, {BATCH_ROWS} rows", f"{found['predict_batch_us']:.1f} µs"),
        ]
    )
    say("\n".join([f"{model.engine}, medians of {ROUNDS} rounds", *lines]))
    return 0


def _rows(model: Model, artifact: VerifiedArtifact) -> tuple[Any, Any, Any]:
    """A golden row, a batch of it alone and one of `BATCH_ROWS`, as the model's verbs take them."""
    import numpy as np

    golden = read_golden(artifact.contract, artifact.golden)[0]
    if is_text_alone(model.inputs):
        texts = golden[model.inputs[0].name].ravel()
        return texts[0], texts[:1], np.resize(texts, BATCH_ROWS)
    if is_typed(model.inputs):
        from edge_infer.columns import columns_of_feeds

        table = columns_of_feeds(golden, model.inputs)
        row = {name: values[0] for name, values in table.items()}
        one = {name: values[:1] for name, values in table.items()}
        return row, one, {name: np.resize(values, BATCH_ROWS) for name, values in table.items()}
    rows = golden[model.inputs[0].name]
    return rows[0].copy(), rows[:1].copy(), np.resize(rows, (BATCH_ROWS, rows.shape[1]))


BENCH = Command("bench", "time predictions on the golden rows", add_bundle_arguments, _run)
