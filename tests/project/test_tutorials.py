"""The tutorial at the top of each package works as it stands there."""

from __future__ import annotations

import doctest
import importlib
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import convert
import edge_infer.__main__

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def weather(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a bundle and its key, as the tutorial of `edge_infer` has it."""
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    celsius, humidity = random.uniform(-10, 40, 300), random.uniform(10, 90, 300)
    rows = pd.DataFrame({"celsius": celsius, "humidity": humidity})
    labels = np.select([celsius < 12, celsius > 28], ["cold", "hot"], "warm")
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, labels)
    assert edge_infer.__main__.main(["keygen", "fleet"]) == 0
    convert.export(estimator, rows).write("bundle", key="fleet.key")


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A folder with a signed pickle, and the names that the tutorial of `convert` uses."""
    monkeypatch.chdir(tmp_path)
    X, y = load_digits(return_X_y=True)
    estimator = SGDClassifier(loss="log_loss", random_state=0).fit(X, y)
    np.save("X.npy", X)
    joblib.dump(estimator, "model.pkl.gz", compress=("gzip", 6))
    for command in (
        ["keygen", "trainer"],
        ["keygen", "fleet"],
        ["sign", "model.pkl.gz", "--key", "trainer.key"],
    ):
        assert edge_infer.__main__.main(command) == 0
    return {
        "X": X,
        "y": y,
        "estimator": estimator,
        "AgglomerativeClustering": AgglomerativeClustering,
    }


@pytest.mark.usefixtures("weather")
def test_the_tutorial_of_edge_infer() -> None:
    run_docstring("edge_infer", {})


def test_the_tutorial_of_convert(workshop: dict[str, Any]) -> None:
    run_docstring("convert", workshop)


def run_docstring(name: str, names: dict[str, Any]) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    test = doctest.DocTestParser().get_doctest(module.__doc__, names, name, module.__file__, 0)
    assert test.examples
    runner = doctest.DocTestRunner(
        optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL, verbose=False
    )
    report: list[str] = []
    runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)
