"""Why a graph is refused: the row, both answers, and the first step that departs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from convert.errors import NotExact, Unsupported
from convert.estimators.nesting import nested
from convert.graph.emit import emit_model
from convert.prove.compare import RELATIVE_TOLERANCE, largest, score_difference
from convert.prove.engine import Graph
from convert.prove.reference import quiet, shortened, steps_of
from convert.prove.rounding.moved import is_continuous
from convert.prove.rounding.perturbed import Perturbed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.probes import Probes
    from convert.prove.reference import Reference
    from convert.table import TableCodec

    Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Departure:
    """One row on which an answer departs from what was wanted of it."""

    output: EmittedOutput
    kind: str
    """Kind of probe."""
    way: str
    """How the row was run, such as `in batches of 3`."""
    row: int
    x: Rows
    """`(f,)`."""
    shown: str
    """x for a message."""
    want: NDArray[Any]
    got: NDArray[Any]
    margin: float
    unit: float
    rows: int
    """How many rows of this output depart in this way."""


def refusal(departure: Departure, reference: Reference) -> NotExact:
    """The graph predicts something else than the estimator."""
    d = departure
    is_double = reference.tolerance == RELATIVE_TOLERANCE
    step = departing_step(reference.estimator, d.x[None], reference.codec) if is_double else None
    return NotExact(
        f"{d.output.verb} of the exported graph differs on {d.rows} rows run {d.way}; "
        f"the first is probe {d.row}, a {d.kind} row: {d.shown}"
        + (f"; the first step that departs is {step!r}" if step else ""),
        expected=_shown(d.want, d),
        actual=_shown(d.got, d) + _margin(d),
        hint=_hint(d, reference, step),
    )


def raised_refusal(reference: Reference, probes: Probes, error: Exception) -> NotExact:
    """scikit-learn raises on one of the probes, which are within what it takes elsewhere."""
    for kind, name in enumerate(probes.kinds):
        rows = probes.rows[probes.kind_of == kind]
        if _error_of(reference, rows) is None:
            continue
        for row in rows:
            if (found := _error_of(reference, row[None])) is not None:
                return NotExact(
                    f"scikit-learn raises on a {name} row although it takes such rows elsewhere",
                    expected="an answer, or one |x| for all columns beyond which it raises",
                    actual=f"{type(found).__name__}: {found}; the row: {reference.shown(row)}",
                    hint="where one column is that much smaller than another, no |x| is beyond the "
                    "one and within the other: train on columns in units that bring them together",
                )
    return NotExact("scikit-learn raises on the probes", actual=str(error))


def _error_of(reference: Reference, rows: Rows) -> Exception | None:
    try:
        reference.answers(rows)
    except Exception as error:  # whatever the estimator raises
        return error
    return None


def _hint(departure: Departure, reference: Reference, step: str | None) -> str:
    last = steps_of(reference.estimator)[-1][1]
    if wrapping := _wrapping_columns(departure, reference):
        return (
            f"scikit-learn computes on the integers of {', '.join(map(repr, wrapping))} as "
            "integers, which wrap around where doubles do not: train on floats, such as "
            f"frame.astype({{{wrapping[0]!r}: float}})"
        )
    if hasattr(last, "n_neighbors") and hasattr(last, "_fit_X"):
        return (
            "training points that are equally far to the last bit, as whole numbers are, leave "
            "scikit-learn's choice to the heap of each thread: scale the columns before "
            "(StandardScaler), or train on fewer than 600 points with algorithm='kd_tree'"
        )
    if any(type(one) is IsotonicRegression for one in nested(reference.estimator)):
        return (
            "an isotonic calibration may be so steep between two of its knots that the last bit of "
            "a probability shows, which exp of another library has otherwise: use "
            "method='sigmoid', or calibrate on more rows"
        )
    if _is_moved_by_rounding(departure, reference):
        return (
            "terms far larger than what is left of them cancel: columns that are moved by 8 eps of "
            "themselves move scikit-learn's own score by more than the tolerance: scale the "
            "columns (StandardScaler), or regularise more (alpha)"
        )
    of_step = f" of step {step!r}" if step else ""
    return (
        "this is a fault of the exporter, not of the model: report the estimator's class and "
        f"settings{of_step}"
    )


def _is_moved_by_rounding(departure: Departure, reference: Reference) -> bool:
    if departure.output.kind != "score" or not is_continuous(reference.estimator):
        return False
    row = departure.x[None]
    low, _ = (
        Perturbed(reference, row)
        .spans(row, np.arange(1))
        .get(departure.output.name, (np.full(1, np.nan), None))
    )
    return not np.isnan(low).any()


def _wrapping_columns(departure: Departure, reference: Reference) -> list[str]:
    """Columns of integers of which scikit-learn answers otherwise once they are floats."""
    if reference.codec is None:
        return []
    d, codec = departure, reference.codec
    found = []
    for i, column in enumerate(codec.columns):
        if column.dtype != "int64":
            continue
        as_floats = codec.with_column(i, dtype="float64", kind=np.dtype(np.float64))
        row = as_floats.frame(codec.canonical(d.x[None]))
        if _is_answered_otherwise(d, reference, row):
            found.append(column.name)
    return found


def _is_answered_otherwise(departure: Departure, reference: Reference, row: Any) -> bool:
    try:
        answers = reference.answers_of(reference.estimator, row)
    except Exception:  # whatever it raises on floats, integers do not wrap there
        return False
    return _is_other(departure, answers[departure.output.name][0], reference.tolerance)


def _is_other(departure: Departure, answer: NDArray[Any], tolerance: float) -> bool:
    if departure.output.kind == "label":
        return bool(np.any(answer != departure.want))
    return bool((score_difference(answer[None], departure.want[None], 0.0) > tolerance).any())


def self_refusal(departure: Departure) -> NotExact:
    """scikit-learn gives one row two answers, so there is nothing to be exact about."""
    d = departure
    return _of_no_graph(
        f"scikit-learn disagrees with itself: {d.output.verb} of a {d.kind} row differs between "
        f"the row alone and the row in a batch, on {d.rows} rows tried; the first is probe "
        f"{d.row}: {d.shown}",
        expected=_shown(d.want, d) + " in the batch",
        actual=_shown(d.got, d) + " alone" + _margin(d),
        hint="scale the columns (StandardScaler) or remove duplicated training rows, so that "
        "rounding does not decide",
    )


def threads_refusal(departure: Departure) -> NotExact:
    """What scikit-learn answers hangs on how many processors the machine has."""
    d = departure
    return _of_no_graph(
        f"scikit-learn disagrees with itself: {d.output.verb} of a {d.kind} row {d.way} is another "
        f"than in one batch, on {d.rows} rows tried; the first is probe {d.row}: {d.shown}",
        expected=_shown(d.want, d),
        actual=_shown(d.got, d) + _margin(d),
        hint="of equally far training rows a brute-force search keeps those that its threads meet "
        "first: scale the columns before (StandardScaler), or train with algorithm='kd_tree'",
    )


def samples_refusal(rows: int, samples: int, tolerance: float) -> NotExact:
    """Rounding excuses predictions of the user's own rows: the tolerance would mean nothing."""
    return _of_no_graph(
        f"scikit-learn disagrees with itself: another order of additions moves what it "
        f"predicts of {rows} of {samples} samples",
        expected=f"scores within {tolerance:g} of the output's size, in whatever order",
        actual="terms far larger than what is left of them cancel",
        hint="scale the columns (StandardScaler), or regularise more (alpha)",
    )


def _of_no_graph(what: str, *, expected: str, actual: str, hint: str) -> NotExact:
    error = NotExact(what, expected=expected, actual=actual, hint=hint)
    error.is_of_graph = False
    return error


def departing_step(estimator: Any, X: Rows, codec: TableCodec | None = None) -> str | None:
    """The first step of a pipeline whose own graph does not transform the rows `(n, f)` alike.

    Bits count in a step that scales column by column, since trees behind it see them; elsewhere
    the tolerance of scores does. The last step is named when none before it departs.
    """
    from convert.prove.rounding.frames import carry_frame
    from convert.prove.rounding.terms import rows_of

    steps = steps_of(estimator)
    if len(steps) == 1:
        return None
    from sklearn.pipeline import Pipeline

    value: Any = X if codec is None else codec.frame(X)
    columns = None if codec is None else codec.graph_columns()
    for position, (name, step) in enumerate(steps[:-1]):
        with quiet():
            transformed = step.transform(value)
            error = carry_frame(step, value, np.zeros(np.shape(value)))
        try:
            wanted = rows_of(transformed)
        except ValueError:  # text, which the next step reads
            value = transformed
            continue
        try:
            emitted = emit_model(Pipeline(steps[: position + 1]), X.shape[1], columns=columns)
            got = Graph(emitted, codec).run(X)["transformed"]
        except (NotExact, Unsupported, KeyError):
            return name
        bound = 0.0 if error is not None and not error.any() else RELATIVE_TOLERANCE
        if (score_difference(got, wanted, largest(wanted)) > bound).any():
            return name
        value = transformed
    return steps[-1][0]


def _shown(answer: NDArray[Any], departure: Departure) -> str:
    if departure.output.kind == "label":
        return ", ".join(repr(value) for value in np.ravel(answer).tolist())
    return shortened(np.ravel(np.asarray(answer, dtype=np.float64)))


def _margin(departure: Departure) -> str:
    if departure.output.kind != "label" or not np.isfinite(departure.margin):
        return ""
    return f" (margin {departure.margin:.3g}, rounding unit {departure.unit:.3g})"
