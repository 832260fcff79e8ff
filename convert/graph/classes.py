"""Class labels: from `classes_` to the contract, and from positions to label tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import Unsupported
from convert.graph.emitted import EmittedOutput
from edge_infer.contract import Classes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert.graph.builder import Graph, Tensor

LABEL = "label"


def contract_classes(values: Any) -> Classes:
    """One `classes_` array as the contract carries it.

    Raises:
        Unsupported: the labels are neither int, float, bool nor str, or no Unicode text.
    """
    array = np.asarray(values)
    items = array.tolist()
    if all(isinstance(item, bool) for item in items):
        return _classes("bool", array)
    if all(isinstance(item, str) for item in items) and array.dtype.kind in "OU":
        _check_utf8(items)
        return _classes("str", array)
    if all(isinstance(item, int) for item in items) and array.dtype.name != "uint64":
        return _classes("int64", array)
    if all(isinstance(item, float) for item in items):
        return _classes("float64", array)
    raise Unsupported(
        "the class labels have a type that the contract cannot carry",
        expected="int, float, bool or str labels",
        actual=sorted({type(item).__name__ for item in items}),
    )


def _classes(dtype: str, array: Any) -> Classes:
    values = tuple(array.tolist())
    implied = np.array(values, dtype=None if dtype == "str" else dtype).dtype
    name = f"U{array.dtype.itemsize // 4}" if array.dtype.kind == "U" else array.dtype.name
    return Classes(dtype, values, None if np.dtype(name) == implied else name)


def _check_utf8(labels: list[str]) -> None:
    for label in labels:
        try:
            label.encode("utf-8")
        except UnicodeEncodeError:
            raise Unsupported(
                "a class label is no text that UTF-8 can carry",
                expected="labels without lone surrogates",
                actual=ascii(label),
                hint="read the training data with the encoding that it was written in",
            ) from None


def one_label(graph: Graph, classes: Classes, index: Tensor) -> tuple[Tensor, EmittedOutput]:
    """`classes[index]`, `(n,)`; where labels are 0, 1, 2 … the position is the label."""
    counted = classes.dtype == "int64" and classes.values == tuple(range(len(classes.values)))
    label = index if counted else graph.op("Gather", _values([classes]), index)
    return label, EmittedOutput("predict", LABEL, _dtype(classes), (None,), "label")


def target_labels(
    graph: Graph, classes: Sequence[Classes], targets: Sequence[Tensor], dtype: str | None
) -> tuple[Tensor, EmittedOutput]:
    """`classes[i][targets[i]]` of every target, `(n, k)`.

    Raises:
        Unsupported: the targets' labels are of different types.
    """
    dtypes = sorted({one.dtype for one in classes})
    if len(dtypes) > 1:
        raise Unsupported(
            "the targets have labels of different types",
            expected="one type of label",
            actual=", ".join(dtypes),
            hint="train with labels of one type",
        )
    starts = np.cumsum([0, *(len(one.values) for one in classes)])[:-1]
    axis = np.array([1], dtype=np.int64)
    columns = [graph.op("Unsqueeze", target, axis) for target in targets]
    index = columns[0] if len(columns) == 1 else graph.op("Concat", *columns, axis=1)
    values = _values(classes)
    if dtype is not None:
        values = values.astype(dtype)
    label = graph.op("Gather", values, graph.op("Add", index, starts.astype(np.int64)))
    shape = (None, len(targets))
    return label, EmittedOutput("predict", LABEL, dtype or _dtype(classes[0]), shape, "label")


def _dtype(classes: Classes) -> str:
    return "int64" if classes.dtype == "bool" else classes.dtype


def _values(classes: Sequence[Classes]) -> np.ndarray:
    every = [value for one in classes for value in one.values]
    dtype = {"str": object, "float64": np.float64}.get(classes[0].dtype, np.int64)
    return np.array(every, dtype=dtype)
