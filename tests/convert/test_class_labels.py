"""Class labels: their dtype is kept, and what no contract carries is refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from convert.errors import Unsupported
from convert.graph.classes import contract_classes
from convert.graph.emit import emit_model
from edge_infer.contract import Classes


@pytest.mark.parametrize(
    ("dtype", "carried"),
    [
        ("int8", "int64"), ("uint8", "int64"), ("int32", "int64"), (">i4", "int64"),
        ("float32", "float64"), ("float16", "float64"), ("U7", "str"), ("object", "str"),
    ],
)  # fmt: skip
def test_the_dtype_of_classes_is_recorded(dtype: str, carried: str) -> None:
    values = ["a", "b"] if carried == "str" else [0, 1]
    found = contract_classes(np.array(values, dtype=dtype))
    assert (found.dtype, found.numpy) == (carried, dtype.replace(">i4", "int32"))
    assert list(found.values) == values


@pytest.mark.parametrize("values", [[0, 1], [False, True], [0.5, 1.5], ["a", "bc"]])
def test_nothing_is_recorded_where_the_kind_says_it(values: list[object]) -> None:
    assert contract_classes(np.array(values)).numpy is None


def test_an_emitted_tree_carries_it() -> None:
    X = np.arange(6.0)[:, None]
    tree = DecisionTreeClassifier().fit(X, np.array([0, 1] * 3, dtype=np.uint8))
    assert emit_model(tree, 1).classes == Classes("int64", (0, 1), "uint8")


def test_a_label_with_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(Unsupported, match="UTF-8"):
        contract_classes(np.array(["a", "\ud800"], dtype=object))
