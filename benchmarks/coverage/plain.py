"""What plain skl2onnx and onnxruntime make of the same estimator on the same rows."""

from __future__ import annotations

import contextlib
import signal
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

TOLERANCE = 1e-5
"""Of the largest score: what its own tests ask of a float32 graph."""
SECONDS = 10
"""Of one core: its graph of a QuantileTransformer of 64 columns is not made in five minutes."""


def plain(estimator: Any, X: Any) -> str:
    """`same`, `differs` or `fails`: labels are to be equal, scores within `TOLERANCE`.

    It fails too where it takes more than `SECONDS`.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            with _limited(SECONDS):
                return "same" if all(_agrees(estimator, X)) else "differs"
        except Exception:  # whatever either library raises is its failure
            return "fails"


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s of one core")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _agrees(estimator: Any, X: Any) -> Iterator[bool]:
    import onnxruntime
    from skl2onnx import to_onnx
    from sklearn.base import is_classifier

    types, feeds = _inputs(X)
    options = {id(estimator): {"zipmap": False}} if is_classifier(estimator) else None
    try:
        model = to_onnx(estimator, initial_types=types, options=options)
    except (NameError, ValueError, RuntimeError):
        model = to_onnx(estimator, initial_types=types)
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), settings)
    names = [one.name for one in session.get_inputs()]
    got = session.run(None, {name: feeds[name] for name in names})
    verbs = ["predict"] if hasattr(estimator, "predict") else ["transform"]
    if is_classifier(estimator) and len(got) > 1 and hasattr(estimator, "predict_proba"):
        verbs.append("predict_proba")
    for verb, found in zip(verbs, got, strict=False):
        answer = getattr(estimator, verb)(X)
        want = np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer)
        found = np.asarray(found).reshape(want.shape)
        if want.dtype.kind == "f":
            scale = np.nanmax(np.abs(want), initial=0.0)
            bound = TOLERANCE * np.maximum(np.abs(want), scale)
            same = (np.isnan(want) & np.isnan(found)) | (np.abs(found - want) <= bound)
            yield bool(same.all())
        else:
            yield bool(np.all(found == want))


def _inputs(X: Any) -> tuple[list[tuple[str, Any]], dict[str, Any]]:
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    if isinstance(X, list):
        return [("X", StringTensorType([None, 1]))], {"X": np.array(X, dtype=object)[:, None]}
    if isinstance(X, np.ndarray):
        return [("X", FloatTensorType([None, X.shape[1]]))], {"X": X.astype(np.float32)}
    types: list[tuple[str, Any]] = []
    feeds: dict[str, Any] = {}
    for name in X.columns:
        column = X[name]
        text = column.dtype.kind not in "fiub"
        types.append((name, (StringTensorType if text else FloatTensorType)([None, 1])))
        values = column.fillna("").to_numpy(object) if text else column.to_numpy(np.float32)
        feeds[name] = values[:, None]
    return types, feeds
