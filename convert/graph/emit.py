"""One fitted estimator in, one ONNX model out: unproven until `convert.prove` has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from convert.errors import Unsupported
from convert.estimators import emit
from convert.estimators.nesting import check_nesting
from convert.graph.builder import Graph, Tensor
from convert.graph.classes import LABEL, contract_classes, one_label, target_labels
from convert.graph.emitted import Emitted, EmittedOutput
from convert.graph.input_names import numbered, renamed
from convert.graph.onnx_model import to_onnx
from edge_infer.contract import Check
from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convert.graph.columns import Column, TextInput
    from convert.graph.emission import Emission, Scores
    from edge_infer.contract import Classes

_NAMES = {
    "predict_proba": "probabilities",
    "decision_function": "decision",
    "score_samples": "scores",
    "transform": "transformed",
    "predict": "prediction",
}


def emit_model(
    estimator: Any,
    n_features: int,
    *,
    columns: Sequence[Column] | None = None,
    brief: bool = False,
) -> Emitted:
    """Export a fitted estimator to ONNX in double precision.

    Its input is `X`, float64 `(None, f)`; or one input of shape `(None, 1)` for each of the
    typed `columns` of a data frame. A `brief` graph may leave out what costs much and seldom
    tells, which `is_shortened` says: if it does not prove, the longer one may.

    Raises:
        BadInput: it is not a fitted estimator.
        Unsupported: it, a step of it or a setting has no exact converter.
    """
    check_nesting(estimator)
    try:
        return _emitted(estimator, n_features, columns, brief=brief)
    except AttributeError as error:
        raise fitted_in_part(error) from error


def _emitted(
    estimator: Any, n_features: int, columns: Sequence[Column] | None, *, brief: bool
) -> Emitted:
    given = None if columns is None else numbered(columns)
    graph = Graph("X", columns=given, brief=brief)
    emission = emit(graph, estimator, graph.x)
    tensors: dict[str, Tensor] = {}
    outputs = [*_labels(graph, estimator, emission, tensors)]
    for output, scores in _scores(emission):
        _check_dense(estimator, scores)
        tensors[output.name] = _typed(graph, scores)
        outputs.append(output)
    if not outputs:
        raise Unsupported(f"{type(estimator).__name__} has nothing to predict")
    checks = _add_checks(graph, emission, tensors)
    marks = [EmittedOutput("", check.name, "bool", (None,), "label") for check in checks]
    onnx = to_onnx(estimator, graph, tensors, [*outputs, *marks], n_features=n_features)
    named: tuple[Column, ...] = ()
    texts: tuple[TextInput, ...] = ()
    if given is not None:
        onnx, named, texts = renamed(onnx, given, graph.texts)
    classes, targets = _classes(estimator, emission)
    notes = _notes(emission)
    return Emitted(
        onnx,
        tuple(outputs),
        classes,
        notes,
        targets,
        checks,
        named,
        texts,
        left_out=graph.left_out,
    )


def fitted_in_part(error: AttributeError) -> BadInput | AttributeError:
    """What to raise where something that `fit` sets is missing, though some of it is there."""
    name = error.name or ""
    if not isinstance(error.obj, BaseEstimator) or name.strip("_") == name:
        return error
    return BadInput(
        f"{type(error.obj).__name__} is fitted in part",
        expected=f"the attribute {name} that fit sets",
        actual="none",
        hint="call fit before dumping it, and change nothing of what it set",
    )


def _labels(
    graph: Graph, estimator: Any, emission: Emission, tensors: dict[str, Tensor]
) -> Iterator[EmittedOutput]:
    one, targets = _classes(estimator, emission)
    if emission.index is not None:
        assert one is not None
        tensors[LABEL], output = one_label(graph, one, emission.index)
        yield output
    elif emission.targets:
        tensors[LABEL], output = target_labels(
            graph, targets, emission.targets, emission.target_dtype
        )
        yield output
    elif emission.labels is not None:
        tensors[LABEL] = emission.labels
        columns = emission.label_columns
        shape = (None,) if columns is None else (None, columns)
        yield EmittedOutput("predict", LABEL, "int64", shape, "label")


def _classes(estimator: Any, emission: Emission) -> tuple[Classes | None, tuple[Classes, ...]]:
    """`classes_` where it is an array, and where it is a list of them."""
    if emission.targets:
        return None, tuple(contract_classes(values) for values in estimator.classes_)
    if emission.index is not None or emission.label_columns is not None:
        return contract_classes(estimator.classes_), ()
    return None, ()


def _scores(emission: Emission) -> Iterator[tuple[EmittedOutput, Scores]]:
    for verb, scores in emission.verbs.items():
        yield _output(verb, _NAMES[verb], scores, None), scores
    for verb, several in emission.lists.items():
        for target, scores in enumerate(several):
            yield _output(verb, f"{_NAMES[verb]}_{target}", scores, target), scores


def _output(verb: str, name: str, scores: Scores, target: int | None) -> EmittedOutput:
    shape = (None,) if scores.columns is None else (None, scores.columns)
    return EmittedOutput(verb, name, scores.dtype, shape, "score", target)


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
    if scores.columns == 0:
        raise Unsupported(
            f"{type(estimator).__name__} transforms rows into no column",
            hint="nothing in its training tells one row from another: look for columns that are "
            "constant, or the same in every class",
        )
    if scores.sparse:
        raise Unsupported(
            f"{type(estimator).__name__} returns a sparse matrix",
            expected="dense rows",
            hint="ask for dense output (sparse_output=False, encode='onehot-dense') or put a "
            "predictor behind it",
        )


def _typed(graph: Graph, scores: Scores) -> Tensor:
    if scores.dtype == "float64":
        return graph.matrix(scores.tensor)
    return graph.cast(scores.tensor, np.dtype(scores.dtype).type)


def _notes(emission: Emission) -> tuple[str, ...]:
    return tuple(dict.fromkeys(emission.notes))
