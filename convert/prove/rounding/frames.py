"""Rounding through transformers side by side, and past text, which is exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import impute, preprocessing
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.pipeline import FeatureUnion, Pipeline

from convert.prove.rounding.terms import carry, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

_OF_TEXT = (
    impute.MissingIndicator,
    impute.SimpleImputer,
    preprocessing.OneHotEncoder,
    preprocessing.OrdinalEncoder,
    preprocessing.TargetEncoder,
)
"""They look text up, and compute nothing."""
_COUNTED = (CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer)
_ULPS = 8.0
"""A logarithm, a product, a root and a quotient, beside the sum of a norm."""


def carry_frame(step: Any, value: Any, error: Doubles) -> Doubles | None:
    """`carry` for whatever a step hands over: a matrix, or a data frame that may hold text."""
    if type(step) is ColumnTransformer:
        weights = step.transformer_weights or {}
        return _side_by_side(
            [
                _weighted(
                    _part(step, name, fitted, value, error, one=bool(np.isscalar(columns))),
                    weights.get(name),
                )
                for name, fitted, columns in step.transformers_
            ]
        )
    if type(step) is FeatureUnion:
        weights = step.transformer_weights or {}
        return _side_by_side(
            [
                _weighted(_through(fitted, value, error), weights.get(name))
                for name, fitted in step.transformer_list
            ]
        )
    if type(step) is Pipeline:
        return _through(step, value, error)
    if type(step) in _COUNTED:
        found = np.abs(rows_of(step.transform(value)))
        added = (found > 0).sum(axis=1, keepdims=True)
        return None if error.any() else np.asarray(found * (added + _ULPS))
    numbers = numbers_of(value)
    if numbers is not None:
        return carry(step, numbers, error)
    if type(step) not in _OF_TEXT or error.any():
        return None
    return np.zeros(step.transform(value).shape)


def _part(
    step: ColumnTransformer, name: str, fitted: Any, value: Any, error: Doubles, *, one: bool
) -> Doubles | None:
    positions = list(step._transformer_to_input_indices[name])
    if not positions or (isinstance(fitted, str) and fitted == "drop"):
        return np.zeros((len(error), 0))
    chosen = value.iloc[:, positions] if hasattr(value, "iloc") else value[:, positions]
    if one and hasattr(value, "iloc"):
        chosen = value.iloc[:, positions[0]]
    return _through(fitted, chosen, error[:, positions])


def _through(step: Any, value: Any, error: Doubles) -> Doubles | None:
    """One transformer, or a pipeline of them."""
    if isinstance(step, str):
        return error if step == "passthrough" else np.zeros((len(error), 0))
    if type(step) is not Pipeline:
        return carry_frame(step, value, error)
    found: Doubles | None = error
    for _, inner in step.steps:
        if found is None:
            return None
        found = _through(inner, value, found)
        value = value if inner is None or isinstance(inner, str) else inner.transform(value)
    return found


def numbers_of(value: Any) -> Doubles | None:
    """The rows as float64, None where they hold text."""
    try:
        return rows_of(value)
    except (ValueError, TypeError):  # text
        return None


def _weighted(error: Doubles | None, weight: float | None) -> Doubles | None:
    return error if weight is None or error is None else np.asarray(error * abs(weight))


def _side_by_side(parts: Sequence[Doubles | None]) -> Doubles | None:
    known = [part for part in parts if part is not None]
    return np.hstack(known) if known and len(known) == len(parts) else None
