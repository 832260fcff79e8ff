"""Run the graph and the estimator over all probes, in every way a row can be run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import Unsupported
from convert.prove.case import Case
from convert.prove.certificate import certificate, described
from convert.prove.compare import largest
from convert.prove.engine import INPUT, Graph
from convert.prove.policy import ask_policy
from convert.prove.probes import gather, measured_budget, used_samples
from convert.prove.reference import Reference
from convert.prove.rounding import Rounding
from convert.prove.rows import Context
from edge_infer.contract import Certificate, Golden, Input, Output
from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import Emitted
    from convert.progress import Progress
    from convert.prove.reference import Answers

    Rows = NDArray[np.float64]

SEED = 20240229
OTHER_DTYPES: Mapping[str, type[np.generic]] = {"float32": np.float32, "int64": np.int64}


@dataclass(frozen=True)
class Proof:
    """What the contract says of a proven graph."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    certificate: Certificate
    golden: Golden
    golden_bytes: bytes


def prove(
    estimator: Any,
    emitted: Emitted,
    samples: Rows,
    *,
    feature_names: Sequence[str] | None = None,
    progress: Progress,
) -> Proof:
    """Show on the samples `(n, f)` and on hostile rows that the graph is the estimator.

    Raises:
        Unsupported: some of what the graph claims has no proof yet.
        BadInput: scikit-learn itself raises on the samples.
        NotExact: a decided label or a score differs, or scikit-learn contradicts itself.
    """
    _check_provable(emitted)
    columns = None if feature_names is None else tuple(feature_names)
    reference = Reference(estimator, emitted.outputs, columns)
    _check_samples(reference, samples)
    rng = np.random.default_rng(SEED)
    budget = measured_budget(reference, samples)
    samples = used_samples(samples, budget, rng)
    answers = reference.answers(samples)
    scales = {
        o.name: largest(answers[o.name]) if o.kind == "score" else 0.0 for o in emitted.outputs
    }
    progress("proving", 0.05)
    policy = ask_policy(reference, samples, scales, seed=SEED)
    progress("proving", 0.15)
    labels = _one_label(emitted, answers)
    probes = gather(Context(reference, policy, samples, labels, SEED), budget)
    progress("proving", 0.4)
    rounding = Rounding(reference, samples)
    case = Case(reference, Graph(emitted), probes, scales, rounding, seed=SEED)
    case.check_empty()
    case.check_scikit_learn()
    progress("proving", 0.6)
    case.check_graph()
    progress("proving", 0.9)
    accepted = tuple(name for name, dtype in OTHER_DTYPES.items() if case.agrees_on(dtype))
    described_golden, golden_bytes = case.golden(rng)
    progress("proving", 1.0)
    shape = (None, samples.shape[1])
    given = Input(
        INPUT,
        "float64",
        shape,
        columns,
        ("float64", *accepted),
        policy.nan,
        policy.infinite,
        policy.limit,
    )
    notes = [*emitted.notes, *policy.notes, *case.notes()]
    proven = certificate(probes, case.parities(), engine=case.graph.engine, notes=notes)
    return Proof(
        (given,), described(emitted.outputs, scales), proven, described_golden, golden_bytes
    )


def _check_provable(emitted: Emitted) -> None:
    """Refuse what no probe looks at, so that nothing is signed unproven."""
    if emitted.checks:
        raise Unsupported(
            "scikit-learn raises on some rows, and that the graph marks just these is not proven",
            expected="an estimator that answers every row",
            actual="; ".join(check.message for check in emitted.checks),
            hint="let it take such rows, for instance with handle_unknown='ignore'",
        )
    verbs = [output.verb for output in emitted.outputs]
    if emitted.target_classes or len(set(verbs)) < len(verbs):
        raise Unsupported(
            "a verb that returns a list of arrays is not proven",
            expected="one array from each verb",
            hint="train one estimator for each output",
        )


def _check_samples(reference: Reference, samples: Rows) -> None:
    if samples.ndim != 2 or not len(samples):
        raise BadInput(
            "proof needs samples", expected="(n, f) with n at least 1", actual=samples.shape
        )
    try:
        reference.answers(samples[:1])
        reference.answers(samples[:1000])
    except Exception as error:
        raise BadInput(
            "scikit-learn itself raises on the samples",
            actual=f"{type(error).__name__}: {error}",
            hint="pass rows (n, f) that the estimator's own verbs take",
        ) from error


def _one_label(emitted: Emitted, answers: Answers) -> NDArray[Any] | None:
    label = next((o for o in emitted.outputs if o.kind == "label"), None)
    if label is None or answers[label.name].ndim != 1:
        return None
    return answers[label.name]
