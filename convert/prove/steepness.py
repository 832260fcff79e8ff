"""Isotonic calibrations and trees that show the last bit of a probability.

Naive Bayes on columns that are not scaled says 1 to within a few ulp of almost every row, and an
isotonic calibration tells apart what lies between: it rises from one value to another within those
few ulp. `exp` of numpy and of onnxruntime differ in the last bit of one value in ten there, as do
numpy's own of two processors. Few rows show that, so no number of probes would do.

Nor would it for trees that stack such probabilities. By far the most of a probability's rounding is
that of the columns before it; but beside 1 these hardly move it, and what is left is its last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, StackingRegressor

from convert.errors import NotExact
from convert.estimators.nesting import nested
from convert.prove.reference import steps_of
from convert.prove.rounding import EPS, UNITS
from convert.prove.rounding.perturbed import is_made_of_trees
from convert.prove.splits import trees_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


_SURE = 2.0**-10
"""A probability nearer to 1 moves by less than its last bit, where columns move a decision by 8 eps
of terms that add up to a hundred."""


def check_stacked_thresholds(reference: Reference) -> None:
    """No tree that stacks probabilities compares them with a threshold just below 1.

    Raises:
        NotExact: one does.
    """
    for one in nested(reference.estimator):
        if type(one) not in (StackingClassifier, StackingRegressor):
            continue
        rounded, final = np.flatnonzero(_is_rounded(one)), steps_of(one.final_estimator_)
        for tree in trees_of(final[0][1]) if len(final) == 1 else ():
            inner = tree.splits[np.isin(tree.feature[tree.splits], rounded)]
            found = tree.threshold[inner]
            found = found[(found < 1.0) & (1.0 - found < _SURE)]
            if len(found):
                raise NotExact(
                    "a tree that stacks probabilities tells apart what is 1 but for rounding, and "
                    "the last bit of exp differs between libraries and between processors",
                    expected=f"no threshold between {1 - _SURE:g} and 1",
                    actual=f"{float(found[0])!r}",
                    hint="use stack_method='decision_function', or a final estimator without trees",
                )


def _is_rounded(stack: Any) -> NDArray[np.bool_]:
    """Of every column that the final estimator reads, whether it is a probability of `exp`."""
    found: list[bool] = []
    for member, method in zip(stack.estimators_, stack.stack_method_, strict=True):
        exact = method != "predict_proba" or is_made_of_trees(
            member, getattr(member, "n_features_in_", 0)
        )
        classes = len(getattr(member, "classes_", ())) if method != "predict" else 1
        found += [not exact] * (classes if classes > 2 else 1)
    total = int(stack.final_estimator_.n_features_in_)
    # What is passed through stands behind them.
    return np.resize(np.array([*found, *[False] * max(total - len(found), 0)]), total)


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
