"""One fitted estimator in, one ONNX model out: unproven until `convert.prove` has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import Unsupported
from convert.estimators import emit
from convert.graph.builder import Graph, Tensor
from convert.graph.emitted import Emitted, EmittedOutput
from convert.graph.onnx_model import to_onnx
from edge_infer.contract import Check, Classes

if TYPE_CHECKING:
    from convert.graph.emission import Emission, Scores

_NAMES = {
    "predict_proba": "probabilities",
    "decision_function": "decision",
    "score_samples": "scores",
    "transform": "transformed",
    "predict": "prediction",
}


def emit_model(estimator: Any, n_features: int) -> Emitted:
    """Export a fitted estimator to ONNX in double precision, input `X` float64 `(None, f)`.

    Raises:
        BadInput: it is not a fitted estimator.
        Unsupported: it, a step of it or a setting has no exact converter.
    """
    graph = Graph("X")
    emission = emit(graph, estimator, graph.x)
    outputs: list[EmittedOutput] = []
    tensors: dict[str, Tensor] = {}
    classes = None
    if emission.index is not None:
        classes = _classes(estimator)
        tensors["label"] = _label(graph, classes, emission.index)
        dtype = {"bool": "int64"}.get(classes.dtype, classes.dtype)
        outputs.append(EmittedOutput("predict", "label", dtype, (None,), "label"))
    elif emission.labels is not None:
        tensors["label"] = emission.labels
        outputs.append(EmittedOutput("predict", "label", "int64", (None,), "label"))
    for verb, scores in emission.verbs.items():
        name = _NAMES[verb]
        _check_dense(estimator, scores)
        shape = (None,) if scores.columns is None else (None, scores.columns)
        tensors[name] = _typed(graph, scores)
        outputs.append(EmittedOutput(verb, name, scores.dtype, shape, "score"))
    if not outputs:
        raise Unsupported(f"{type(estimator).__name__} has nothing to predict")
    checks = _add_checks(graph, emission, tensors)
    marks = [EmittedOutput("", check.name, "bool", (None,), "label") for check in checks]
    onnx = to_onnx(estimator, graph, tensors, [*outputs, *marks], n_features=n_features)
    return Emitted(onnx, tuple(outputs), classes, _notes(emission), checks=checks)


def _add_checks(graph: Graph, emission: Emission, tensors: dict[str, Tensor]) -> tuple[Check, ...]:
    """One bool output for each reason why scikit-learn raises on a row."""
    by_message: dict[str, Tensor] = {}
    for check in emission.checks:
        before = by_message.get(check.message)
        by_message[check.message] = (
            check.tensor if before is None else graph.op("Or", before, check.tensor)
        )
    found = tuple(Check(f"refused_{i}", message) for i, message in enumerate(by_message))
    tensors.update({check.name: by_message[check.message] for check in found})
    return found


def _check_dense(estimator: Any, scores: Scores) -> None:
    if scores.sparse:
        raise Unsupported(
            f"{type(estimator).__name__} returns a sparse matrix",
            expected="dense rows",
            hint="ask for dense output (sparse_output=False, encode='onehot-dense') or put a "
            "predictor behind it",
        )


def _typed(graph: Graph, scores: Scores) -> Tensor:
    if scores.dtype == "float64":
        return scores.tensor
    return graph.cast(scores.tensor, np.dtype(scores.dtype).type)


def _notes(emission: Emission) -> tuple[str, ...]:
    return tuple(dict.fromkeys(emission.notes))


def _classes(estimator: Any) -> Classes:
    values = np.asarray(estimator.classes_)
    items = values.tolist()
    if all(isinstance(item, bool) for item in items):
        return Classes("bool", tuple(items))
    if all(isinstance(item, str) for item in items):
        return Classes("str", tuple(items))
    if all(isinstance(item, int) for item in items) and values.dtype != np.uint64:
        return Classes("int64", tuple(items))
    if all(isinstance(item, float) for item in items):
        return Classes("float64", tuple(items))
    raise Unsupported(
        "the class labels have a type that the contract cannot carry",
        expected="int, float, bool or str labels",
        actual=sorted({type(item).__name__ for item in items}),
    )


def _label(graph: Graph, classes: Classes, index: Tensor) -> Tensor:
    """The label of each position; where labels are 0, 1, 2 … the position is the label."""
    if classes.dtype == "int64" and classes.values == tuple(range(len(classes.values))):
        return index
    return graph.op("Gather", _class_values(classes), index)


def _class_values(classes: Classes) -> np.ndarray:
    if classes.dtype == "str":
        return np.array(classes.values, dtype=object)
    return np.array(classes.values, dtype=np.float64 if classes.dtype == "float64" else np.int64)
