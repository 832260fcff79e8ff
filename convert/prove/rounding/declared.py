"""The band of a float32 graph: what its certificate declares, and nothing of rounding's own.

A hostile row is undecided where the scores behind its label are closer than the declared tolerance
of the larger of the score and S; there the label of either passes. The samples are all decided.
Labels that scikit-learn does not take from scores that it shows have no such band: refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import NotExact
from convert.prove.compare import largest
from convert.prove.reference import as_emitted, quiet, steps_of
from convert.prove.rounding.band import EPS, UNITS, Band, class_band, no_band
from convert.prove.rounding.frames import numbers_of
from convert.prove.rounding.svm import is_support_vector_classifier, pair_scores, svc_band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.prove.reference import Reference

    Doubles = NDArray[np.float64]

_VERBS = ("decision_function", "predict_proba", "transform")


class Declared:
    """Takes the place of `Rounding` where the tolerance is declared."""

    samples_are_decided = True

    def __init__(self, reference: Reference, samples: Doubles) -> None:
        self._reference = reference
        self._steps = steps_of(reference.estimator)
        self._label = next((o for o in reference.outputs if o.kind == "label"), None)
        self._classes: NDArray[Any] = np.zeros(0)
        self._verb: str | None = None
        self._scale: float | Doubles = 0.0
        if self._label is not None:
            self._choose(samples)
        self.method = (
            f"float32, scores declared to {reference.tolerance:g}; labels are equal on every "
            "sample and on every probe whose scores are farther apart than that"
        )

    def band(self, X: Doubles) -> Band:
        """The band of the rows `(n, f)`."""
        if self._label is None:
            return no_band(len(X))
        if self._verb is None:
            return self._of_pairs(X)
        scores = self._scores(self._verb, X)
        return class_band(scores, self._terms(scores), self._classes)

    def refine(self, band: Band, X: Doubles, rows: NDArray[np.intp]) -> Band:
        """Nothing more is to be asked: what was declared holds."""
        del X, rows
        return band

    def once(self, band: Band, X: Doubles, rows: NDArray[np.intp]) -> Band:
        """Nor is it for other rows than the probes."""
        return self.refine(band, X, rows)

    def steady(self, X: Doubles) -> NDArray[np.bool_]:
        """`(n,)`: any decided row may become a golden vector."""
        return np.ones(len(X), dtype=bool)

    def _choose(self, samples: Doubles) -> None:
        assert self._label is not None
        labels = self._reference.answers(samples)[self._label.name]
        last = self._steps[-1][1]
        if labels.ndim == 1 and is_support_vector_classifier(last) and len(last.classes_) > 2:
            self._classes = as_emitted(np.asarray(last.classes_), self._label)
            pairs = np.abs(pair_scores(last, self._before_last(samples)))
            self._scale = np.asarray(pairs.max(axis=0))
            return
        for verb in _VERBS if labels.ndim == 1 else ():
            classes = self._labels_of(verb)
            scores = None if classes is None else self._scores(verb, samples)
            if classes is None or scores is None or scores.shape[1:] not in ((), (len(classes),)):
                continue
            self._classes, self._verb, self._scale = classes, verb, largest(scores)
            band = class_band(scores, self._terms(scores), classes)
            if all(band.allows(i, labels[i : i + 1]) for i in range(len(labels))):
                return
        raise NotExact(
            "scikit-learn does not take these labels from scores that it shows",
            expected="an argmax or a sign of decision_function or predict_proba",
            actual=type(last).__name__,
        )

    def _labels_of(self, verb: str) -> NDArray[Any] | None:
        """The labels behind the columns of the verb's scores, None where it has none."""
        estimator = self._reference.estimator
        if not hasattr(estimator, verb):
            return None
        assert self._label is not None
        classes = getattr(estimator, "classes_", None)
        if verb == "transform":
            clusters = getattr(self._steps[-1][1], "n_clusters", None)
            return None if clusters is None or classes is not None else np.arange(int(clusters))
        if classes is None:
            return np.array([-1, 1]) if verb == "decision_function" else None
        return None if isinstance(classes, list) else as_emitted(np.asarray(classes), self._label)

    def _scores(self, verb: str, X: Doubles) -> Doubles:
        with quiet():
            found = getattr(self._reference.estimator, verb)(self._reference.frame(X))
        scores = np.asarray(found, dtype=np.float64)
        # A clusterer's scores are distances, of which the smallest wins.
        return -scores if verb == "transform" else scores

    def _terms(self, scores: Doubles) -> Doubles:
        """What makes `class_band` take the tolerance as its unit."""
        share = self._reference.tolerance / (UNITS * EPS)
        return np.asarray(share * np.maximum(np.abs(scores), self._scale))

    def _of_pairs(self, X: Doubles) -> Band:
        last, value = self._steps[-1][1], self._before_last(X)
        pairs = pair_scores(last, value)
        error = np.zeros(np.shape(value))
        outputs = self._reference.outputs
        terms = self._terms(pairs)
        band = svc_band(last, value, error, self._classes, outputs, terms=terms)
        if band is None:
            raise NotExact("the pairs of this classifier do not give its labels")
        return band

    def _before_last(self, X: Doubles) -> Doubles:
        value = self._reference.frame(X)
        with quiet():
            for _, step in self._steps[:-1]:
                value = step.transform(value)
        found = numbers_of(value)
        if found is None:
            raise NotExact("the last step reads no numbers")
        return found
