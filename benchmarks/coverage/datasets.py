"""Small data sets with the troubles that real ones have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn import datasets

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Dataset:
    """Rows `(n, f)` and targets, `(n,)` or `(n, k)`."""

    name: str
    X: NDArray[np.float64]
    y: NDArray[np.generic]

    @property
    def n_classes(self) -> int:
        return len(np.unique(self.y))


def iris() -> Dataset:
    X, y = datasets.load_iris(return_X_y=True)
    return Dataset("iris", X, y)


def wine() -> Dataset:
    X, y = datasets.load_wine(return_X_y=True)
    return Dataset("wine", X, y)


def breast_cancer() -> Dataset:
    X, y = datasets.load_breast_cancer(return_X_y=True)
    return Dataset("breast_cancer", X, np.array(["malignant", "benign"])[y])


def digits() -> Dataset:
    X, y = datasets.load_digits(return_X_y=True)
    return Dataset("digits", X[:600], y[:600])


def diabetes() -> Dataset:
    X, y = datasets.load_diabetes(return_X_y=True)
    return Dataset("diabetes", X, y)


def diabetes_two_targets() -> Dataset:
    X, y = datasets.load_diabetes(return_X_y=True)
    return Dataset("diabetes, two targets", X, np.c_[y, y.max() - y])


def mixed_magnitude() -> Dataset:
    """Three classes of integer columns from units to billions."""
    rng = np.random.default_rng(3)
    y = rng.integers(0, 3, 300)
    base = rng.integers(0, 100, (300, 6)) + 20 * y[:, None]
    return Dataset("mixed magnitude", base * 10.0 ** np.array([0, 1, 3, 5, 7, 9]), y - 1)


def constant_columns() -> Dataset:
    X, y = datasets.load_iris(return_X_y=True)
    return Dataset("constant columns", np.c_[X, np.full(len(X), 7.0), np.zeros(len(X))], y)


def duplicated_rows() -> Dataset:
    X, y = datasets.load_iris(return_X_y=True)
    X = np.round(X[::3])
    return Dataset("duplicated rows", np.vstack([X, X]), np.r_[y[::3], y[::3]])


def tiny_and_huge() -> Dataset:
    """One column near 1e-30, one near 1e30."""
    X, y = datasets.load_iris(return_X_y=True)
    return Dataset("1e-30 and 1e30", X * np.array([1.0, 1.0, 1e-30, 1e30]), y)


def counts() -> Dataset:
    """Small non-negative integers, as word counts are."""
    rng = np.random.default_rng(5)
    y = rng.integers(0, 3, 240)
    rates = rng.random((3, 8)) * 4
    return Dataset("counts", rng.poisson(rates[y]).astype(np.float64), y)


def one_column() -> Dataset:
    """One feature, a noisy monotone target that stays positive."""
    rng = np.random.default_rng(7)
    x = np.sort(rng.random(150)) * 10
    return Dataset("one column", x[:, None], 1 + x**2 + np.abs(rng.normal(size=150)))


def _as_target(dataset: Dataset, column: int) -> Dataset:
    return Dataset(dataset.name, dataset.X, dataset.X[:, column].copy())


CLASSIFICATION: tuple[Callable[[], Dataset], ...] = (
    iris,
    breast_cancer,
    digits,
    wine,
    mixed_magnitude,
    constant_columns,
    duplicated_rows,
    tiny_and_huge,
    counts,
)
REGRESSION: tuple[Callable[[], Dataset], ...] = (
    diabetes,
    diabetes_two_targets,
    one_column,
    lambda: _as_target(mixed_magnitude(), 1),
    lambda: _as_target(duplicated_rows(), 0),
    lambda: _as_target(constant_columns(), 1),
    lambda: _as_target(tiny_and_huge(), 0),
    counts,
)
