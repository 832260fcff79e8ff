"""Run the graph and the estimator over all probes, in every way a row can be run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import NotExact
from convert.prove.case import Case
from convert.prove.certificate import certificate, described
from convert.prove.compare import RELATIVE_TOLERANCE, largest
from convert.prove.conditioning import well_conditioned
from convert.prove.donors import LOOSE, DonorTies
from convert.prove.dtypes import prove_columns, proven_dtypes
from convert.prove.effort import counted_effort
from convert.prove.engine import INPUT, Graph
from convert.prove.golden import golden_vectors
from convert.prove.policy import Policy, ask_policy, rounds_its_own_way
from convert.prove.probes import Probes, gather, used_samples
from convert.prove.reference import Reference, steps_of
from convert.prove.refusals import find_refusals
from convert.prove.rounding import Declared, Rounding
from convert.prove.rows import Context
from convert.prove.splits import is_tree_model
from convert.prove.steepness import check_stacked_thresholds, check_steepness
from convert.prove.table_policy import ask_table
from edge_infer.contract import Certificate, Golden, Input, Output
from edge_infer.errors import BadInput, EdgeInferError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import Emitted
    from convert.progress import Progress
    from convert.prove.details import Details
    from convert.prove.reference import Answers
    from convert.table import TableCodec

    Rows = NDArray[np.float64]

SEED = 20240229


@dataclass(frozen=True)
class Proof:
    """What the contract says of a proven graph."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    certificate: Certificate
    golden: Golden
    golden_bytes: bytes
    excused: int = 0
    """Probes on which an answer differed and passed as undecided."""
    probes: Rows | None = field(default=None, repr=False, compare=False)
    """The rows that were tried, where the model takes one matrix of numbers: those whose terms
    cancel aside, on which an engine that adds in another order is no worse than this one."""
    details: Details | None = field(default=None, repr=False, compare=False)
    """For a report; the contract does without."""


def prove(
    estimator: Any,
    emitted: Emitted,
    samples: Rows,
    *,
    feature_names: Sequence[str] | None = None,
    codec: TableCodec | None = None,
    tolerance: float = RELATIVE_TOLERANCE,
    progress: Progress,
) -> Proof:
    """Show on the samples `(n, f)` and on hostile rows that the graph is the estimator.

    With a `codec` the rows are codes of a data frame. A `tolerance` above 1e-9 is that of a
    float32 graph: it is what the certificate declares, and what undecided is measured by.

    Raises:
        BadInput: scikit-learn itself raises on the samples.
        NotExact: a decided label or a score differs, or scikit-learn contradicts itself.
    """
    columns = None if feature_names is None else tuple(feature_names)
    graph = Graph(emitted, codec)
    reference = Reference(estimator, emitted.outputs, columns, codec=codec, tolerance=tolerance)
    _check_samples(reference, samples)
    check_steepness(reference)
    check_stacked_thresholds(reference)
    if emitted.checks:
        reference = _with_refusals(reference, graph, samples)
    rng = np.random.default_rng(SEED)
    effort = counted_effort(reference, emitted, samples)
    samples = used_samples(samples, effort.probes, rng)
    answers = reference.answers(samples)
    scales = {
        o.name: largest(answers[o.name]) if o.kind == "score" else 0.0 for o in emitted.outputs
    }
    progress("proving", 0.05)
    reference, policy = _asked(reference, graph, samples, scales)
    progress("proving", 0.15)
    labels = _label_codes(reference, answers)
    several = labels is not None and not _is_decided(reference, answers)
    probes = _gathered(Context(reference, policy, samples, labels, SEED, several), effort.probes)
    progress("proving", 0.4)
    single = tolerance > RELATIVE_TOLERANCE
    rounding = Declared(reference, samples) if single else Rounding(reference, samples)
    case = Case(reference, graph, probes, scales, rounding, effort, seed=SEED)
    _check(case, progress)
    inputs = _inputs(case, policy, emitted)
    steady = well_conditioned(case)
    golden, golden_bytes = golden_vectors(case, steady, rng)
    progress("proving", 1.0)
    notes = [*emitted.notes, *policy.notes, *case.notes()]
    proven = certificate(
        probes,
        case.parities(),
        tolerance=reference.tolerance,
        engine=case.graph.engine,
        notes=notes,
    )
    return Proof(
        inputs,
        described(emitted.outputs, scales),
        proven,
        golden,
        golden_bytes,
        excused=case.excused(),
        probes=probes.rows[steady] if reference.codec is None else None,
        details=case.details(),
    )


def _with_refusals(reference: Reference, graph: Graph, samples: Rows) -> Reference:
    ties = DonorTies(reference)
    refusals = find_refusals(graph.refused, samples, partial(ties.hanging, units=LOOSE))
    return replace(reference, refusals=refusals)


def _asked(
    reference: Reference, graph: Graph, samples: Rows, scales: Mapping[str, float]
) -> tuple[Reference, Policy]:
    """What scikit-learn takes; of a data frame also the codec of what its columns may hold."""
    if reference.codec is None:
        return reference, ask_policy(reference, samples, scales, seed=SEED, graph=graph)
    rounds = rounds_its_own_way(reference) or reference.tolerance > RELATIVE_TOLERANCE
    asked = graph if rounds else None
    codec, policy = ask_table(reference, samples, scales, seed=SEED, graph=asked)
    graph.codec = codec
    return replace(reference, codec=codec), policy


def _check(case: Case, progress: Progress) -> None:
    case.check_empty()
    case.check_refusals()
    case.check_scikit_learn()
    progress("proving", 0.6)
    case.check_graph()
    progress("proving", 0.9)


def _inputs(case: Case, policy: Policy, emitted: Emitted) -> tuple[Input, ...]:
    codec = case.reference.codec
    if codec is not None:
        codec = prove_columns(case, codec, np.random.default_rng(SEED))
        return codec.described([*emitted.columns, *emitted.texts])
    shape, names = (None, case.probes.rows.shape[1]), case.reference.columns
    accepts = ("float64", *proven_dtypes(case, limit=policy.limit))
    return (
        Input(INPUT, "float64", shape, names, accepts, policy.nan, policy.infinite, policy.limit),
    )


def _gathered(context: Context, budget: int) -> Probes:
    try:
        with np.errstate(all="ignore"):  # whatever the caller told numpy to raise on
            return gather(context, budget)
    except EdgeInferError:
        raise
    except Exception as error:  # whatever the estimator raises while rows are led to a place
        raise NotExact(
            "scikit-learn raises on rows that it should answer",
            expected="an answer, or a row that the graph marks",
            actual=f"{type(error).__name__}: {error}",
        ) from error


def _check_samples(reference: Reference, samples: Rows) -> None:
    if samples.ndim != 2 or not len(samples):
        raise BadInput(
            "proof needs samples", expected="(n, f) with n at least 1", actual=samples.shape
        )
    try:
        reference.answers(samples[:1])
        reference.answers(samples[:1000])
    except NotExact:
        raise
    except Exception as error:
        raise BadInput(
            "scikit-learn itself raises on the samples",
            actual=f"{type(error).__name__}: {error}",
            hint="pass rows (n, f) that the estimator's own verbs take",
        ) from error


def _label_codes(reference: Reference, answers: Answers) -> NDArray[np.intp] | None:
    """`(n,)`: equal where the labels are."""
    label = next((o for o in reference.outputs if o.kind == "label"), None)
    if label is None:
        return None
    labels = answers[label.name].astype(str)
    return np.unique(labels.reshape(len(labels), -1), axis=0, return_inverse=True)[1].ravel()


def _is_decided(reference: Reference, answers: Answers) -> bool:
    """Whether there is one label, or trees, in which rounding decides nothing."""
    label = next(o for o in reference.outputs if o.kind == "label")
    return answers[label.name].ndim == 1 or is_tree_model(steps_of(reference.estimator)[-1][1])
