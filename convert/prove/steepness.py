"""Isotonic calibrations that show the last bit of a probability.

Naive Bayes on columns that are not scaled says 1 to within a few ulp of almost every row, and an
isotonic calibration tells apart what lies between: it rises from one value to another within those
few ulp. `exp` of numpy and of onnxruntime differ in the last bit of one value in ten there, as do
numpy's own of two processors. Few rows show that, so no number of probes would do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV

from convert.errors import NotExact
from convert.estimators.nesting import nested
from convert.prove.rounding import EPS, UNITS
from convert.prove.rounding.perturbed import is_made_of_trees

if TYPE_CHECKING:
    from convert.prove.reference import Reference


def check_steepness(reference: Reference) -> None:
    """What 8 eps of a probability make of a calibrated one has to lie within the tolerance.

    Decisions are no probabilities: what rounding makes of their sums is asked of scikit-learn.

    Raises:
        NotExact: it does not, and scores are served.
    """
    if not any(output.kind == "score" for output in reference.outputs):
        return
    for one in nested(reference.estimator):
        if type(one) is not CalibratedClassifierCV or one.method != "isotonic":
            continue
        moved = max(map(_moved_by_rounding, one.calibrated_classifiers_))
        moved /= len(one.calibrated_classifiers_)
        if moved > reference.tolerance:
            raise NotExact(
                "an isotonic calibration is so steep between two of its knots that the last bit of "
                "a probability shows, which exp of another library or processor has otherwise",
                expected=f"8 eps of a probability move a calibrated one by {reference.tolerance:g} "
                "at most",
                actual=f"they move it by {moved:.2g}",
                hint="use method='sigmoid', or calibrate an estimator that has a decision_function",
            )


def _moved_by_rounding(fold: Any) -> float:
    """The most that 8 eps of a probability change in one of a fold's calibrators."""
    inner = fold.estimator
    if hasattr(inner, "decision_function") or is_made_of_trees(
        inner, getattr(inner, "n_features_in_", 0)
    ):
        return 0.0
    return max(_steepest(calibrator) for calibrator in fold.calibrators)


def _steepest(calibrator: Any) -> float:
    knots, values = calibrator.X_thresholds_, calibrator.y_thresholds_
    with np.errstate(all="ignore"):
        rise = np.abs(np.diff(values) / np.diff(knots)) * UNITS * EPS * np.abs(knots[1:])
    return float(min(np.max(rise, initial=0.0), 1.0))
