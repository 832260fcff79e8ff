"""Rows to scores and labels: the model's own probability and the model's own label."""

from __future__ import annotations

from struct import Struct
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

MOST_REMEMBERED = 2048
"""Rows whose scores are kept, 1 MB: many of a flood's are the same to the last bit."""

_bytes_of = Struct(f"{len(NAMES)}d").pack


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
        self._remembered: dict[bytes, float] = {}

    def __call__(self, rows: Sequence[Row]) -> tuple[Sequence[float], Sequence[str]]:
        """Probabilities of malice and labels, `(n,)` each, as plain Python values."""
        scores = self._once_each(rows)
        if not self._has_threshold:
            return scores, self._labels(rows)
        known = self._known
        asked = [at for at, score in enumerate(scores) if known.benign < score < known.malicious]
        if asked:
            for at, label in zip(asked, self._labels([rows[at] for at in asked]), strict=True):
                known.add(scores[at], label)
        least = known.malicious
        return scores, [MALICIOUS if score >= least else CLASSES[0] for score in scores]

    def _once_each(self, rows: Sequence[Row]) -> Sequence[float]:
        """As `scores`, of equal rows with one question."""
        remembered = self._remembered
        if len(remembered) + len(rows) > MOST_REMEMBERED:
            remembered.clear()
        keys = [bytes(row) if type(row) is memoryview else _bytes_of(*row) for row in rows]
        new = {key: row for key, row in zip(keys, rows, strict=True) if key not in remembered}
        if new:
            remembered.update(zip(new, self.scores(list(new.values())), strict=True))
        return [remembered[key] for key in keys]

    def _labels(self, rows: Sequence[Row]) -> Sequence[str]:
        labels = self._model.predict(self._as_rows(rows))
        return labels if isinstance(labels, list) else labels.tolist()

    def scores(self, rows: Sequence[Row]) -> Sequence[float]:
        """Probabilities of malice, `(n,)`, as plain Python values."""
        found = self._model.predict_proba(self._as_rows(rows))
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
            hint="train it with python3 -m examples.router train",
        )
    classes = model.classes
    if classes is None or list(classes) != CLASSES or "predict_proba" not in model.verbs:
        raise Incompatible(
            "the bundle's model does not tell benign from malicious",
            expected="a classifier of 'benign' and 'malicious' with probabilities",
            actual=f"classes {None if classes is None else list(classes)}",
            hint="train it with python3 -m examples.router train",
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
        flat = b"".join([row if type(row) is memoryview else _bytes_of(*row) for row in rows])
        return np.frombuffer(flat).reshape(len(rows), f)

    return pack
