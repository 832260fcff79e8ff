"""Train on handwritten digits, as anybody would, and dump the estimator with joblib."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from sklearn.datasets import fetch_openml, load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

import edge_infer

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Digits:
    """Pictures of digits as rows of pixels."""

    name: str
    train: np.ndarray
    """(n, side * side), float64, pixels from 0 to `white`."""
    train_labels: np.ndarray
    held_out: np.ndarray
    """(m, side * side), float64: never seen in training."""
    held_out_labels: np.ndarray
    side: int
    white: int

    @property
    def image(self) -> str:
        """The preprocessing of a picture, as `edge-infer convert --image` takes it."""
        return f"L:{self.side}x{self.side},range=0..{self.white}"


def small_digits() -> Digits:
    """The 1,797 real digits of 8x8 pixels that come with scikit-learn; a quarter held out."""
    X, y = load_digits(return_X_y=True)
    return _split("digits", X, y, side=8, white=16, held_out=0.25)


def mnist_digits() -> Digits:
    """The 70,000 digits of MNIST, 28x28 pixels, fetched from OpenML; 10,000 held out.

    Raises:
        edge_infer.Unavailable: there is no network and no copy from an earlier run.
    """
    try:
        X, y = fetch_openml("mnist_784", version=1, as_frame=False, return_X_y=True, n_retries=1)
    except OSError as error:
        raise edge_infer.Unavailable(
            "MNIST could not be fetched from OpenML",
            actual=error,
            hint="connect this machine to a network, or run the demo without --mnist",
        ) from error
    return _split("mnist", X, y.astype(np.int64), side=28, white=255, held_out=10_000)


def fit(digits: Digits) -> SGDClassifier:
    """The estimator of the demo: linear, on unscaled pixels, as its users have it."""
    return SGDClassifier(loss="log_loss", random_state=0).fit(digits.train, digits.train_labels)


def dump(estimator: SGDClassifier, path: Path) -> None:
    """joblib-dump and gzip the estimator."""
    dumped = io.BytesIO()
    joblib.dump(estimator, dumped)
    path.write_bytes(gzip.compress(dumped.getvalue(), mtime=0))


def _split(name: str, X: Any, y: Any, *, side: int, white: int, held_out: float | int) -> Digits:
    X = np.ascontiguousarray(X, dtype=np.float64)
    parts = train_test_split(X, y, test_size=held_out, random_state=0, stratify=y)
    return Digits(name, parts[0], parts[2], parts[1], parts[3], side, white)
