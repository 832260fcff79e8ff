"""Keys, signed files and a pickle that would leave a mark if it ran."""

from __future__ import annotations

import io
import os
import pickle
from typing import TYPE_CHECKING, Any, Protocol

import joblib
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

from edge_infer.trust.keygen import generate
from edge_infer.trust.signing import sign_file

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


class Sign(Protocol):
    def __call__(self, data: bytes, name: str = ...) -> Path: ...


class Command:
    """Unpickling this runs a shell command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with trainer, fleet and stranger key pairs."""
    folder = tmp_path_factory.mktemp("keys")
    for stem in ("trainer", "fleet", "stranger"):
        generate(folder / stem)
    return folder


@pytest.fixture
def sign(tmp_path: Path, keys: Path) -> Sign:
    """Write bytes to a file and the trainer's signature beside it."""

    def sign(data: bytes, name: str = "model.pkl") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        signature = sign_file(path, key=keys / "trainer.key")
        path.with_name(path.name + ".sig").write_bytes(signature)
        return path

    return sign


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that must not exist after the test."""
    return tmp_path / "canary"


@pytest.fixture
def malicious(canary: Path) -> Command:
    """An object whose unpickling makes the canary."""
    return Command(f"touch {canary}")


@pytest.fixture(scope="session")
def digits() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    return X, y


@pytest.fixture(scope="session")
def estimator(digits: tuple[np.ndarray, np.ndarray]) -> SGDClassifier:
    return SGDClassifier(loss="log_loss", random_state=0).fit(*digits)


def joblib_bytes(value: object, **options: Any) -> bytes:
    out = io.BytesIO()
    joblib.dump(value, out, **options)
    return out.getvalue()


@pytest.fixture(scope="session")
def pickles(estimator: SGDClassifier) -> dict[str, bytes]:
    """The same estimator in every form that is read."""
    return {
        "joblib": joblib_bytes(estimator),
        "joblib protocol 4": joblib_bytes(estimator, protocol=4),
        "pickle": pickle.dumps(estimator),
        "pickle protocol 3": pickle.dumps(estimator, protocol=3),
        "gzip": joblib_bytes(estimator, compress=("gzip", 6)),
        "zlib": joblib_bytes(estimator, compress=("zlib", 6)),
        "zlib fast": joblib_bytes(estimator, compress=("zlib", 1)),
    }
