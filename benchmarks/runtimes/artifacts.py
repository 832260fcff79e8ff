"""Artifacts of many families, with what their estimators answered, and one plain file beside."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

MODELS = (
    "forest-missing",
    "gradient-boosting",
    "hist-gradient-boosting",
    "isolation-forest",
    "linear-pipeline",
    "neighbors",
    "perceptron",
    "process",
    "support-vectors",
    "bayes-strings",
    "discriminant",
    "spline-ridge",
    "one-leaf",
    "nearest-donors",
)
PLAIN = "plain-forest"


def make(folder: Path) -> None:
    """Write all artifacts, `fleet.pub`, and the plain file of a forest, into an empty folder."""
    import convert
    from edge_infer.trust.keygen import generate

    key, _ = generate(folder / "fleet")
    warnings.simplefilter("ignore")
    for name, (estimator, X) in estimators().items():
        convert.export(estimator, X, name=name).write(folder / name, key=key)
        rows = _rows(X)
        found = {verb: getattr(estimator, verb)(rows) for verb in _verbs(estimator)}
        found = {verb: _plain_text(answer) for verb, answer in found.items()}
        np.savez(folder / f"{name}.npz", X=rows, **found)
    _plain_forest(folder)


def estimators() -> dict[str, tuple[Any, np.ndarray]]:
    """Fitted estimators by name, with their samples."""
    from sklearn import datasets, ensemble, svm
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.impute import KNNImputer
    from sklearn.linear_model import Ridge, SGDClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import SplineTransformer, StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    X, y = datasets.load_wine(return_X_y=True)
    words = np.array(["barolo", "grignolino", "barbera"])[y]
    holes = np.where(np.random.default_rng(0).random(X.shape) < 0.1, np.nan, X)
    few, target = datasets.load_diabetes(return_X_y=True)
    few, target = few[:120], target[:120]
    made: dict[str, tuple[Any, np.ndarray, Any]] = {
        "forest-missing": (ensemble.RandomForestClassifier(30, random_state=0), holes, words),
        "gradient-boosting": (ensemble.GradientBoostingRegressor(random_state=0), few, target),
        "hist-gradient-boosting": (
            ensemble.HistGradientBoostingClassifier(max_iter=20, random_state=0),
            holes,
            y,
        ),
        "isolation-forest": (ensemble.IsolationForest(n_estimators=20, random_state=0), X, None),
        "linear-pipeline": (
            make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss", random_state=0)),
            X,
            y - 1,
        ),
        "neighbors": (KNeighborsClassifier(), X, y),
        "perceptron": (
            make_pipeline(StandardScaler(), MLPClassifier(max_iter=60, random_state=0)),
            X,
            y,
        ),
        "process": (GaussianProcessRegressor(alpha=1.0), few, target),
        "support-vectors": (make_pipeline(StandardScaler(), svm.SVC()), X, words),
        "bayes-strings": (GaussianNB(), X, words),
        "discriminant": (QuadraticDiscriminantAnalysis(), X, y),
        "spline-ridge": (make_pipeline(SplineTransformer(), Ridge()), few, target),
        "nearest-donors": (make_pipeline(KNNImputer(), Ridge()), holes, y),
        "one-leaf": (DecisionTreeClassifier(), X, np.zeros(len(X), dtype=int)),
    }
    return {name: (one.fit(X, y), X) for name, (one, X, y) in made.items()}


def _rows(X: np.ndarray) -> np.ndarray:
    """The samples, and rows between two of them."""
    other = X[np.random.default_rng(1).permutation(len(X))]
    return np.concatenate([X, (X + other) / 2])


def _verbs(estimator: Any) -> list[str]:
    verbs = ("predict", "predict_proba", "decision_function", "score_samples")
    return [verb for verb in verbs if hasattr(estimator, verb)]


def _plain_text(answer: Any) -> np.ndarray:
    found = np.asarray(answer)
    return found.astype("U") if found.dtype.kind == "O" else found


def _plain_forest(folder: Path) -> None:
    """The negative control: what skl2onnx makes of a forest, and what the forest predicts.

    Of two classes: with three no label flips on every processor.
    """
    from skl2onnx import to_onnx
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier

    X, y = make_classification(
        2000, n_features=20, n_informative=8, n_classes=2, random_state=0, flip_y=0.1
    )
    X = X.astype(np.float32).astype(np.float64)
    forest = RandomForestClassifier(50, random_state=0).fit(X, y)
    opset = {"": 21, "ai.onnx.ml": 3}
    options = {id(forest): {"zipmap": False}}
    plain = to_onnx(forest, X[:1].astype(np.float32), options=options, target_opset=opset)
    plain.ir_version = 10
    (folder / f"{PLAIN}.onnx").write_bytes(plain.SerializeToString())
    np.savez(folder / f"{PLAIN}.npz", X=X, predict=forest.predict(X))


if __name__ == "__main__":
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    make(Path(sys.argv[1]))
