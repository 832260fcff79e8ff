"""The estimators that an estimator holds, at whatever depth: members, steps, searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.calibration import _CalibratedClassifier

from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_LEVELS = 60
"""scikit-learn asks a nested estimator by recursion, so that Python's stack is the bound."""


def check_nesting(estimator: Any) -> None:
    """Refuse what would never end.

    Raises:
        BadInput: the estimator contains itself, or estimators within estimators too deep.
    """
    for _ in nested(estimator):
        pass


def nested(estimator: Any) -> Iterator[Any]:
    """The estimator and all within it, each once.

    Raises:
        BadInput: it contains itself, or is too deep.
    """
    yield from _within(estimator, [], set(), 0)


def _within(value: Any, path: list[Any], done: set[int], level: int) -> Iterator[Any]:
    children = _children(value)
    if children is None or id(value) in done:
        return
    if any(value is one for one in path):
        raise BadInput(
            f"{type(path[0]).__name__} contains itself",
            expected="estimators within estimators that come to an end",
            actual=f"a {type(value).__name__} {len(path)} levels within itself",
            hint="fit the estimator anew: members and steps are other objects than it",
        )
    if level > MOST_LEVELS:
        raise BadInput(
            f"{type(path[0]).__name__} is nested too deeply",
            expected=f"at most {MOST_LEVELS} estimators within one another",
            hint="a Pipeline of Pipelines may be written as one",
        )
    path.append(value)
    is_estimator = isinstance(value, BaseEstimator)
    if is_estimator:
        yield value
    for child in children:
        yield from _within(child, path, done, level + is_estimator)
    path.pop()
    done.add(id(value))


def _children(value: Any) -> Iterable[Any] | None:
    # What CalibratedClassifierCV holds its members in is no estimator by class.
    if isinstance(value, BaseEstimator | _CalibratedClassifier):
        return list(vars(value).values())
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, np.ndarray) and value.dtype == np.dtype(object):
        return list(value.ravel())
    return None
