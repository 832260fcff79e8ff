"""How long scikit-learn and each engine take for the samples, measured when the report is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_infer.commands.bench import median_us
from edge_infer.contract.inputs import is_text_alone

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.artifact import Artifact
    from edge_infer.contract import Contract
    from edge_infer.model import Model

BATCH_ROWS = 100
ROUNDS = 7
_VERBS = ("predict", "transform", "score_samples", "decision_function")


@dataclass(frozen=True)
class Timing:
    """Medians of one engine."""

    engine: str
    """Such as `scikit-learn 1.9.1`."""
    row_us: float
    """One row in a call of its own."""
    batch_rows: int
    batch_us: float
    """The whole batch in one call."""
    size_bytes: int | None
    """Of the model in that engine's form; None where it is in memory alone."""


def as_called(samples: Any, contract: Contract) -> Any:
    """The samples as the model takes them: a frame of one column of documents is their list."""
    if is_text_alone(contract.inputs) and hasattr(samples, "columns"):
        return samples.iloc[:, 0].tolist()
    return samples


def time_estimator(
    estimator: Any, samples: Any, verbs: tuple[str, ...], *, size_bytes: int | None
) -> Timing:
    """scikit-learn itself on the samples `(n, f)`, as the user calls it."""
    import sklearn

    from convert.prove.reference import quiet

    with quiet():
        engine = f"scikit-learn {sklearn.__version__}"
        return _timed(engine, getattr(estimator, _verb(verbs)), samples, size_bytes)


def time_engines(artifact: Artifact, samples: Any) -> tuple[Timing, ...]:
    """Each engine that serves the artifact on this machine, through the public interface."""
    from edge_infer.engines import open_engine
    from edge_infer.engines.choice import target_here
    from edge_infer.model import Model
    from edge_infer.selftest import run_golden

    contract = artifact.contract
    opened = open_engine(artifact.onnx, contract)
    model = Model(contract, opened, run_golden(opened, contract, artifact.golden))
    found = [_of_model(model, samples, len(artifact.onnx))]
    for entry in contract.native:
        compiled = artifact.native.get(entry.file)
        if entry.target == target_here() and compiled is not None:
            from edge_infer.compiled_model import open_compiled

            native = open_compiled(compiled, contract, entry, artifact.golden)
            found.append(_of_model(native, samples, len(compiled)))
    return tuple(found)


def _of_model(model: Model, samples: Any, size_bytes: int) -> Timing:
    return _timed(model.engine, getattr(model, _verb(model.verbs)), samples, size_bytes)


def _verb(verbs: tuple[str, ...]) -> str:
    return next((verb for verb in _VERBS if verb in verbs), verbs[0])


def _timed(
    engine: str, call: Callable[[Any], object], samples: Any, size_bytes: int | None
) -> Timing:
    one, batch = samples[:1], samples[:BATCH_ROWS]
    return Timing(
        engine,
        round(median_us(lambda: call(one), rounds=ROUNDS), 2),
        len(batch),
        round(median_us(lambda: call(batch), rounds=ROUNDS), 2),
        size_bytes,
    )
