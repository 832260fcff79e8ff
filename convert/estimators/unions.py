"""Transformers side by side: `FeatureUnion` and `ColumnTransformer` over one matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import FunctionTransformer

from convert.errors import Unsupported
from convert.estimators.members import Composite, Emit, member
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert.graph.builder import Graph, Tensor


def feature_union(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """All columns through every transformer, the results side by side."""
    weights = estimator.transformer_weights or {}
    parts = []
    for name, fitted in estimator.transformer_list:
        if isinstance(fitted, str) and fitted == "drop":
            continue
        width = int(getattr(fitted, "n_features_in_", 0))
        part = _transformed(g, f"transformer {name!r}", fitted, Scores(x, width), emit)
        parts.append(_weighted(g, part, weights.get(name)))
    return _side_by_side(g, parts, sparse=any(part.sparse for part in parts))


def column_transformer(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """Some columns through every transformer; `transformers_` ends with the remainder."""
    weights = estimator.transformer_weights or {}
    parts = []
    for name, fitted, columns in estimator.transformers_:
        positions = list(estimator._transformer_to_input_indices[name])
        if not positions or (isinstance(fitted, str) and fitted == "drop"):
            continue
        path = f"transformer {name!r}"
        if np.isscalar(columns) and not _is_document(g, x, positions):
            raise Unsupported(
                f"{path}: one column given by a scalar is handed over as a vector",
                hint=f"give the column as a list: [{columns!r}]",
            )
        part = _transformed(g, path, fitted, _chosen(g, estimator, x, positions), emit)
        parts.append(_weighted(g, part, weights.get(name)))
    return _side_by_side(g, parts, sparse=bool(estimator.sparse_output_))


def _is_document(g: Graph, x: Tensor, positions: Sequence[int]) -> bool:
    """A vector of text is what the vectorizers read; a vector of numbers has no reader."""
    typed = g.columns(x)
    return typed is not None and typed[positions[0]].is_text


def _chosen(g: Graph, estimator: Any, x: Tensor, positions: Sequence[int]) -> Scores:
    typed = g.columns(x)
    if typed is not None:
        chosen = [typed[position] for position in positions]
        numbers = [np.dtype(column.dtype) for column in chosen if not column.is_text]
        dtype = np.result_type(*numbers).name if numbers else "float64"
        return Scores(g.frame(chosen), len(chosen), dtype)
    columns = np.asarray(positions, dtype=np.int64)
    if np.array_equal(columns, np.arange(int(estimator.n_features_in_))):
        return Scores(x, len(columns))
    return Scores(g.op("Gather", x, columns, axis=1), len(columns))


def _transformed(g: Graph, path: str, fitted: Any, rows: Scores, emit: Emit) -> Scores:
    if isinstance(fitted, str):
        assert fitted == "passthrough"
        return rows
    if type(fitted) is FunctionTransformer and fitted.func is None:
        return rows
    found = member(g, path, fitted, rows.tensor, emit).scores("transform")
    if found.columns is None:
        raise Unsupported(f"{path}: its transform has one dimension, where rows are needed")
    return found


def _weighted(g: Graph, part: Scores, weight: float | None) -> Scores:
    if weight is None:
        return part
    return Scores(g.op("Mul", part.tensor, float(weight)), part.columns, sparse=part.sparse)


def _side_by_side(g: Graph, parts: list[Scores], *, sparse: bool) -> Emission:
    """numpy promotes the parts' dtypes to one."""
    if not parts:
        raise Unsupported("every transformer is dropped: no column is left")
    dtype = np.result_type(*(np.dtype(part.dtype) for part in parts)).name
    columns = sum(part.columns or 0 for part in parts)
    tensors = [part.tensor for part in parts]
    tensor = tensors[0] if len(tensors) == 1 else g.op("Concat", *tensors, axis=1)
    return Emission({"transform": Scores(tensor, columns, dtype, sparse)})


COMPOSITES: dict[type, Composite] = {
    ColumnTransformer: column_transformer,
    FeatureUnion: feature_union,
}
