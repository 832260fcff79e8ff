"""Small data sets with the troubles that real ones have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn import datasets

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Dataset:
    """Rows and targets `(n,)` or `(n, k)`.

    The rows are a float64 matrix `(n, f)`, a data frame, or a list of documents.
    """

    name: str
    X: Any
    y: NDArray[np.generic]


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
    return Dataset("digits", X[:400], y[:400])


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


def missing_values() -> Dataset:
    """Every tenth value is NaN."""
    X, y = datasets.load_iris(return_X_y=True)
    holes = np.random.default_rng(11).random(X.shape) < 0.1
    return Dataset("missing values", np.where(holes, np.nan, X), y)


def several_labels() -> Dataset:
    """Each row has any of three labels."""
    X, y = datasets.make_multilabel_classification(
        160, n_features=8, n_classes=3, n_labels=2, random_state=13
    )
    return Dataset("several labels", X + np.linspace(0, 0.3, 8), y)


def kernel_matrix() -> Dataset:
    """Products of every row with every row."""
    X, y = datasets.load_iris(return_X_y=True)
    X, y = X[::3], y[::3]
    return Dataset("kernel matrix", X @ X.T, y)


def labels() -> Dataset:
    """One column of whole numbers, which are the targets too."""
    y = np.random.default_rng(23).choice([-3, 0, 1, 7, 40], 120)
    return Dataset("labels", y[:, None].astype(np.float64), y)


def mixed_frame() -> Dataset:
    """Text, booleans, integers and numbers, two columns with holes."""
    rng = np.random.default_rng(17)
    n = 160
    frame = pd.DataFrame(
        {
            "city": rng.choice(["Paris", "Rome", "Zürich", "Oslo"], n),
            "age": rng.normal(40, 10, n).round(1),
            "member": rng.random(n) > 0.5,
            "visits": rng.integers(0, 9, n),
            "tier": rng.choice(["gold", "silver"], n),
        }
    )
    frame.loc[rng.random(n) < 0.1, "age"] = np.nan
    frame.loc[rng.random(n) < 0.2, "tier"] = np.nan
    score = (frame.age.fillna(40) - 40) / 10 + (frame.city == "Rome") + 0.2 * frame.visits
    return Dataset("mixed frame", frame, np.digitize(score, [0.6, 1.5]))


def categories() -> Dataset:
    """Text alone."""
    whole = mixed_frame()
    tier = whole.X["tier"].fillna("none")
    return Dataset("categories", whole.X[["city"]].assign(tier=tier), whole.y)


def documents() -> Dataset:
    """Short texts, some of them with a word that decides."""
    rng = np.random.default_rng(19)
    words = [
        "the",
        "cat",
        "sat",
        "on",
        "mat",
        "café",
        "résumé",
        "Python",
        "great",
        "bad",
        "awful",
        "nice",
        "it's",
        "3.14",
        "NASA",
    ]
    texts = [" ".join(rng.choice(words, rng.integers(2, 14))) for _ in range(120)]
    return Dataset("documents", texts, np.array([int("great" in text) for text in texts]))


def _numeric_targets(make: Callable[[], Dataset]) -> Callable[[], Dataset]:
    def made() -> Dataset:
        whole = make()
        return Dataset(whole.name, whole.X, 1.0 + np.asarray(whole.y, dtype=np.float64))

    return made


def _column_as_target(make: Callable[[], Dataset], column: int) -> Callable[[], Dataset]:
    def made() -> Dataset:
        whole = make()
        return Dataset(whole.name, whole.X, whole.X[:, column].copy())

    return made


CLASSIFICATION: tuple[Callable[[], Dataset], ...] = (
    iris,
    wine,
    breast_cancer,
    digits,
    mixed_magnitude,
    constant_columns,
    duplicated_rows,
    tiny_and_huge,
    counts,
    missing_values,
    mixed_frame,
    several_labels,
)
REGRESSION: tuple[Callable[[], Dataset], ...] = (
    diabetes,
    diabetes_two_targets,
    one_column,
    _numeric_targets(digits),
    _column_as_target(mixed_magnitude, 1),
    _column_as_target(constant_columns, 1),
    _column_as_target(duplicated_rows, 0),
    _column_as_target(tiny_and_huge, 0),
    counts,
    _numeric_targets(missing_values),
    _numeric_targets(mixed_frame),
)
UNSUPERVISED: tuple[Callable[[], Dataset], ...] = (*CLASSIFICATION[:-1], diabetes)
