"""Choose how an estimator's band is measured, and check the choice against its labels."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.feature_selection import RFE, RFECV

from convert.prove.compare import label_differs
from convert.prove.reference import as_emitted, quiet, steps_of
from convert.prove.rounding.band import Band, either, no_band
from convert.prove.rounding.branches import branch_band
from convert.prove.rounding.centers import center_band, is_center_model
from convert.prove.rounding.codes import is_sparse_code, sparse_code_bounds
from convert.prove.rounding.densities import density_band, is_density_model
from convert.prove.rounding.detectors import detector_band, is_detector
from convert.prove.rounding.frames import carry_frame, numbers_of
from convert.prove.rounding.linear import (
    is_linear,
    is_linear_kernel_ridge,
    is_linear_regressor,
    kernel_ridge_bounds,
    linear_band,
    regressor_bounds,
)
from convert.prove.rounding.moved import filled, is_continuous
from convert.prove.rounding.neighbors import (
    is_neighbors_model,
    neighbors_band,
    searches_neighbors,
)
from convert.prove.rounding.neural import is_perceptron, perceptron_band
from convert.prove.rounding.own_difference import own_difference
from convert.prove.rounding.perturbed import Perturbed, is_made_of_trees
from convert.prove.rounding.processes import is_process_classifier, process_band
from convert.prove.rounding.propagation import is_kernel_propagation, propagation_band
from convert.prove.rounding.svm import (
    is_support_vector_classifier,
    is_support_vector_regressor,
    svc_band,
    svr_bounds,
)
from convert.prove.splits import is_tree_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.reference import Reference

    Doubles = NDArray[np.float64]

_DRAWS = 16
_SEED = 11
_STEP = 2.0**-40
"""Far above the rounding of any sum, far below what an estimator tells apart."""


class Rounding:
    """The rounding band of one estimator.

    `method` says in the certificate's words how the unit was had.
    """

    samples_are_decided = False

    def __init__(self, reference: Reference, samples: Doubles) -> None:
        self._reference = reference
        self._samples = samples
        self._steps = _opened(steps_of(reference.estimator))
        self._label = next((o for o in reference.outputs if o.kind == "label"), None)
        self._classes = _class_labels(reference, self._label)
        self._rounds_before = False
        band = self._by_terms(samples)
        if band is not None and not self._explains(band, samples):
            band = None
        self._has_terms = band is not None
        trees_alone = is_made_of_trees(reference.estimator, samples.shape[1])
        self._asked = None if band or trees_alone else Perturbed(reference, samples)
        self._is_continuous = is_continuous(reference.estimator)
        self._moved = Perturbed(reference, samples)
        self.method = self._described()

    def band(self, X: Doubles) -> Band:
        """The band of the rows `(n, f)`, all columns of it as far as terms are known.

        Where they are not, every row counts as decided until `refine` has asked.
        """
        if not self._has_terms:
            return no_band(len(X))
        band = self._by_terms(X)
        if band is not None:
            return band
        # A step passes on samples that rounded nowhere before it, but not on these rows.
        self._has_terms = False
        self._asked = Perturbed(self._reference, self._samples)
        self.method = self._described()
        return no_band(len(X))

    def refine(self, band: Band, X: Doubles, rows: NDArray[np.intp]) -> Band:
        """Ask scikit-learn what rounding does to `rows`, where terms are not known."""
        if not len(rows):
            return band
        bounds = band.bounds
        if self._asked is not None:
            every = self._asked.band(X, rows)
            own = own_difference(self._reference, self._classes, X, self._asked.rows)
            band = either(every, own)
        if self._is_continuous:
            asked = self._asked or self._moved
            band = replace(band, bounds=filled(bounds, asked.spans(X, rows)))
        return band

    def once(self, band: Band, X: Doubles, rows: NDArray[np.intp]) -> Band:
        """The bounds of scores of a matrix X `(n, f)` that is not that of the probes."""
        if not self._is_continuous:
            return band
        asked = Perturbed(self._reference, self._samples)
        return replace(band, bounds=filled(band.bounds, asked.spans(X, rows)))

    def steady(self, X: Doubles) -> NDArray[np.bool_]:
        """`(n,)`: whether a device may be held to scikit-learn's answer on the rows `(n, f)`.

        Where terms are not known a row counts as decided until somebody asks. A device has
        another `exp` and adds in another order, so it is asked about far longer steps.
        """
        steady = np.ones(len(X), dtype=bool)
        if self._asked is None or self._label is None or not len(X):
            return steady
        labels = self._reference.answers(X)[self._label.name]
        rng = np.random.default_rng(_SEED)
        for draw in range(_DRAWS):
            # An estimator may refuse whatever lies beside these rows, which then tells nothing: it
            # may take no larger ones, and where one column outweighs the others each way is a side.
            way = _STEP if draw % 2 else -_STEP
            with contextlib.suppress(Exception):
                moved = self._reference.answers(X * (1.0 + way * rng.uniform(size=X.shape)))
                steady &= ~label_differs(moved[self._label.name], labels)
        return steady

    def _described(self) -> str:
        has_steps = is_tree_model(last := self._steps[-1][1]) or is_neighbors_model(last)
        if self._label is None and not has_steps and self._asked is None:
            return "none, for there are no labels"
        if self._asked is not None:
            return (
                "what 8 eps of the columns move, and 8 times scikit-learn's own difference "
                "between a row alone and in a batch"
            )
        if not self._has_terms:
            return "none, for trees have none"
        if not is_tree_model(self._steps[-1][1]):
            return "8 eps times the sum of absolute terms of the decision"
        if self._rounds_before:
            return "trees have none, the steps before them 8 eps times the sum of absolute terms"
        return "none, for trees have none"

    def _by_terms(self, X: Doubles) -> Band | None:
        value = self._reference.frame(X)
        error: Doubles = np.zeros(X.shape)
        with quiet():
            for _, step in self._steps[:-1]:
                carried = carry_frame(step, value, error)
                if carried is None:
                    return None
                error, value = carried, step.transform(value)
            value = numbers_of(value)
            if value is None:
                return self._without_label(self._steps[-1][1], len(X))
            self._rounds_before |= bool(error.any())
            return self._of_last(self._steps[-1][1], value, error)

    def _without_label(self, last: Any, n: int) -> Band | None:
        """Scores alone have no band, unless they jump where a member takes another neighbour."""
        if self._label is None and not searches_neighbors(last):
            return no_band(n)
        return None

    def _of_last(self, last: Any, value: Doubles, error: Doubles) -> Band | None:
        if is_tree_model(last):
            if not error.any():
                return no_band(len(value))
            return branch_band(self._reference, last, value, error)
        if is_neighbors_model(last):
            return neighbors_band(last, value, error, self._reference.outputs)
        if is_linear_regressor(last):
            return regressor_bounds(last, value, error, self._reference.outputs)
        if is_linear_kernel_ridge(last):
            return kernel_ridge_bounds(last, value, error, self._reference.outputs)
        if is_sparse_code(last):
            return sparse_code_bounds(last, value, error, self._reference.outputs)
        if is_support_vector_regressor(last):
            return svr_bounds(last, value, error, self._reference.outputs)
        if self._label is None:
            return self._without_label(last, len(value))
        if is_center_model(last):
            return center_band(last, value, error, self._reference.outputs)
        if is_detector(last):
            return detector_band(last, value, error, self._reference.outputs)
        if is_density_model(last):
            return density_band(last, value, error, self._classes, self._reference.outputs)
        classes = self._classes
        if classes is None:
            return None
        if is_kernel_propagation(last):
            return propagation_band(last, value, error, classes, self._reference.outputs)
        if is_process_classifier(last):
            return process_band(last, value, error, classes)
        if is_linear(last):
            return linear_band(last, value, error, classes, self._reference.outputs)
        if is_perceptron(last):
            return perceptron_band(last, value, error, classes)
        if is_support_vector_classifier(last):
            return svc_band(last, value, error, classes, self._reference.outputs)
        return None

    def _explains(self, band: Band, X: Doubles) -> bool:
        """Whether the decision that the band is measured on gives scikit-learn's labels.

        If it does not, this is not how the estimator decides, and its band would be a guess.
        """
        if self._label is None or band.tied is None or self._classes is None:
            return True
        want = self._reference.answers(X)[self._label.name]
        return all(band.allows(i, want[i : i + 1]) for i in range(len(want)))


def _opened(steps: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """A recursive elimination at the end selects columns and then predicts with `estimator_`."""
    name, last = steps[-1]
    if type(last) not in (RFE, RFECV):
        return steps
    return [*steps, (f"{name}.estimator_", last.estimator_)]


def _class_labels(reference: Reference, label: EmittedOutput | None) -> NDArray[Any] | None:
    """`(k,)`: None also where a row has several labels, whose `classes_` are what each may be."""
    classes = getattr(reference.estimator, "classes_", None)
    if label is None or len(label.shape) > 1 or classes is None or isinstance(classes, list):
        return None
    return as_emitted(np.asarray(classes), label)
