"""Rows to scores and labels: the model's own probability and the model's own label."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from edge_infer import Incompatible
from examples.router.features import NAMES, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_infer import Model

MALICIOUS: Final = "malicious"
CLASSES = ["benign", MALICIOUS]
THRESHOLD = "sklearn.model_selection.FixedThresholdClassifier"
"""Its label is malicious from a score on, so that most scores tell the label without asking."""


class Scorer:
    """Asks one model."""

    def __init__(self, model: Model) -> None:
        """Begin with a model.

        Raises:
            Incompatible: its columns, its classes or its verbs are others.
        """
        check_model(model)
        self._model = model
        self._column = CLASSES.index(MALICIOUS)
        self._as_rows = _packer()
        self._has_threshold = model.contract.source.estimator == THRESHOLD
        self._known = _Known()

    def __call__(self, rows: Sequence[Row]) -> tuple[Sequence[float], Sequence[str]]:
        """Probabilities of malice and labels, `(n,)` each, as plain Python values."""
        X = self._as_rows(rows)
        scores = self._scores(X)
        if not self._has_threshold:
            return scores, self._labels(X)
        known = self._known
        asked = [at for at, score in enumerate(scores) if known.benign < score < known.malicious]
        if asked:
            picked = [X[at] for at in asked] if isinstance(X, list) else X[asked]
            for at, label in zip(asked, self._labels(picked), strict=True):
                known.add(scores[at], label)
        least = known.malicious
        return scores, [MALICIOUS if score >= least else CLASSES[0] for score in scores]

    def scores(self, rows: Sequence[Row]) -> Sequence[float]:
        """Probabilities of malice, `(n,)`, as plain Python values."""
        return self._scores(self._as_rows(rows))

    def _labels(self, X: Any) -> Sequence[str]:
        labels = self._model.predict(X)
        return labels if isinstance(labels, list) else labels.tolist()

    def _scores(self, X: Any) -> Sequence[float]:
        found = self._model.predict_proba(X)
        if isinstance(found, list):
            return [both[self._column] for both in found]
        scores: list[float] = found[:, self._column].tolist()
        return scores


class _Known:
    """Where the model's operating point lies, as its own labels have shown until now."""

    def __init__(self) -> None:
        self.benign = -1.0
        self.malicious = 2.0

    def add(self, score: float, label: str) -> None:
        """The model gave a row of this score that label."""
        if label == MALICIOUS:
            self.malicious = min(self.malicious, score)
        else:
            self.benign = max(self.benign, score)


def check_model(model: Model) -> None:
    """Refuse a model of other rows than the flow table gives.

    Raises:
        Incompatible: its columns, its classes or its verbs are others.
    """
    columns = model.inputs[0].columns
    if columns is None or tuple(columns) != NAMES:
        found = "columns without names" if columns is None else _difference(tuple(columns))
        raise Incompatible(
            "the bundle's model was trained on other features",
            expected=f"the {len(NAMES)} columns of examples.router.features",
            actual=found,
            hint="train it with python -m examples.router train",
        )
    classes = model.classes
    if classes is None or list(classes) != CLASSES or "predict_proba" not in model.verbs:
        raise Incompatible(
            "the bundle's model does not tell benign from malicious",
            expected="a classifier of 'benign' and 'malicious' with probabilities",
            actual=f"classes {None if classes is None else list(classes)}",
            hint="train it with python -m examples.router train",
        )


def _difference(columns: tuple[str, ...]) -> str:
    unknown = [name for name in columns if name not in NAMES]
    missing = [name for name in NAMES if name not in columns]
    parts = [f"unknown {', '.join(unknown[:5])}"] if unknown else []
    parts += [f"missing {', '.join(missing[:5])}"] if missing else []
    return "; ".join(parts) or "the same columns in another order"


def _packer() -> Any:
    """Rows as the engine takes them fastest: one array where numpy is installed."""
    try:
        import numpy as np
    except ImportError:
        return lambda rows: [list(row) for row in rows]
    f = len(NAMES)

    def pack(rows: Sequence[Row]) -> Any:
        if type(rows[0]) is memoryview:
            return np.frombuffer(b"".join(rows)).reshape(len(rows), f)  # type: ignore[arg-type]
        flat = np.fromiter(chain.from_iterable(rows), np.float64, len(rows) * f)
        return flat.reshape(len(rows), f)

    return pack
