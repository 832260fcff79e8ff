"""One column of labels as codes or indicators: `sklearn.preprocessing._label`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer, LabelEncoder

from convert.errors import Unsupported
from convert.estimators.arrays import Doubles, dense
from convert.graph.emission import Check, Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_COLUMNS = np.array([1], dtype=np.int64)
_LARGEST_WHOLE = 2.0**53


def label_encoder(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`LabelEncoder.transform`: the position among `classes_`; it raises on other labels.

    Rows come in the dtype of the classes, so where these are integers a fraction is cut off.
    """
    classes = _numbers(estimator)
    if estimator.classes_.dtype.kind in "iu":
        x = g.op("Where", g.op("Less", x, 0.0), g.op("Ceil", x), g.op("Floor", x))
    found = g.cast(g.op("Equal", x, classes), np.int32)
    at = g.cast(g.op("ArgMax", found, axis=1, keepdims=0), np.float64)
    unseen = g.op("Equal", g.op("ReduceMax", found, _COLUMNS, keepdims=0), np.array(0, np.int32))
    check = Check(unseen, "a label was not seen at fit")
    return Emission({"transform": Scores(at, None, "int64")}, checks=(check,))


def label_binarizer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`LabelBinarizer.transform`: `pos_label` in the label's column, nowhere for other labels.

    It raises on fractions, which it takes for continuous targets.

    Raises:
        Unsupported: fewer than three classes, where the shape of its answer depends on the
            other rows of the batch; or sparse, or several labels a row.
    """
    classes = _numbers(estimator)
    if len(classes) < 3 or estimator.y_type_ != "multiclass" or estimator.sparse_output:
        raise Unsupported(
            "LabelBinarizer has an answer of its own for each row with three classes or more "
            "and dense output alone",
            expected="three classes or more, sparse_output=False",
            actual=f"{len(classes)} classes, sparse_output={estimator.sparse_output}",
            hint="use OneHotEncoder",
        )
    is_label = g.op("Equal", x, classes)
    y = g.op("Where", is_label, float(estimator.pos_label), float(estimator.neg_label))
    fraction = g.op("Not", g.op("Equal", x, g.op("Floor", x)))
    check = Check(g.op("Squeeze", fraction, _COLUMNS), "a label is no whole number")
    return Emission({"transform": Scores(y, len(classes), "int64")}, checks=(check,))


def _numbers(estimator: Any) -> Doubles:
    classes = np.asarray(estimator.classes_)
    whole = classes.dtype.kind in "iuf" and np.isfinite(classes).all()
    if not whole or (np.abs(dense(classes)) >= _LARGEST_WHOLE).any():
        raise Unsupported(
            f"{type(estimator).__name__} was fitted on other than numbers that a double holds",
            actual=f"classes of dtype {classes.dtype}",
            hint="use OrdinalEncoder or OneHotEncoder on a column of a data frame",
        )
    return dense(classes)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    LabelBinarizer: label_binarizer,
    LabelEncoder: label_encoder,
}
