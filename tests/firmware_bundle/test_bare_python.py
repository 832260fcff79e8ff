"""A compiled model on a Python to which nothing was added, as on a router: no numpy at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

import convert
import firmware_bundle
from edge_infer.errors import Unavailable
from edge_infer.trust.keygen import generate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key, rows, scikit-learn's answers, and bundles compiled for this machine."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler: apt install gcc libc6-dev")
    folder = tmp_path_factory.mktemp("card")
    generate(folder / "fleet")
    X = np.random.default_rng(0).normal(size=(60, 3))
    labels = np.select([X[:, 0] < -0.4, X[:, 0] > 0.4], ["low", "high"], "mid")
    estimators = {
        "slope": LogisticRegression().fit(X, labels),
        "line": Ridge().fit(X, X @ np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]])),
    }
    told = {}
    for name, estimator in estimators.items():
        convert.export(estimator, X, name=name).write(
            folder / f"{name}-artifact", key=folder / "fleet.key", native="host"
        )
        firmware_bundle.bundle(
            folder / f"{name}-artifact", folder / name,
            key=folder / "fleet.key", trust=folder / "fleet.pub",
        )  # fmt: skip
        told[name] = estimator.predict(X).tolist()
    told["scores"] = estimators["slope"].predict_proba(X).tolist()
    (folder / "told.json").write_text(json.dumps(told))
    np.savetxt(folder / "rows.csv", X, fmt="%.17g", delimiter=",")
    np.save(folder / "rows.npy", X)
    return folder


def bare(card: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a bundle on this Python without its site-packages."""
    return subprocess.run(
        [sys.executable, "-I", "-S", *words],
        cwd=card, capture_output=True, text=True, check=False,
    )  # fmt: skip


def lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_there_is_no_numpy(card: Path) -> None:
    assert bare(card, "-c", "import numpy").returncode == 1


def test_labels_and_scores_are_scikit_learns(card: Path) -> None:
    told = json.loads((card / "told.json").read_text())
    words = ("slope/run", "predict", "rows.csv", "--trust", "fleet.pub")
    assert lines(bare(card, *words)) == told["slope"]
    answers = [json.loads(line) for line in lines(bare(card, *words, "--json"))]
    assert [answer["label"] for answer in answers] == told["slope"]
    assert list(answers[0]["scores"]) == ["high", "low", "mid"]
    scores = [list(answer["scores"].values()) for answer in answers]
    np.testing.assert_allclose(scores, told["scores"], rtol=1e-9, atol=1e-9)


def test_values_of_several_targets_are_lists(card: Path) -> None:
    words = ("line/run", "predict", "rows.csv", "--trust", "fleet.pub", "--json")
    values = [json.loads(line)["prediction"] for line in lines(bare(card, *words))]
    np.testing.assert_allclose(values, json.loads((card / "told.json").read_text())["line"])


def test_it_proves_itself_installs_and_tells_what_it_is(card: Path, tmp_path: Path) -> None:
    for verb in ("verify", "info", "selftest"):
        assert bare(card, "slope/run", verb, "--trust", "fleet.pub", "--json").returncode == 0
    root = str(tmp_path / "gadget")
    words = ("install", "slope", root, "--trust", "fleet.pub", "--later", "--json")
    assert json.loads(lines(bare(card, "slope/run", *words))[0])["on_trial"] is True
    told = json.loads((card / "told.json").read_text())
    assert lines(bare(card, f"{root}/run", "predict", "rows.csv")) == told["slope"]
    assert "verified" in "\n".join(lines(bare(card, f"{root}/run", "status")))


@pytest.mark.parametrize("words", [("predict", "rows.npy"), ("bench",)], ids=" ".join)
def test_what_needs_numpy_says_so(card: Path, words: tuple[str, ...]) -> None:
    done = bare(card, "slope/run", *words, "--trust", "fleet.pub")
    assert done.returncode == Unavailable.exit_code
    assert "numpy" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_readme_says_that_python_is_enough(card: Path) -> None:
    text = (card / "slope" / "README.txt").read_text()
    assert "It needs Python 3.11 or newer (elsewhere than on " in text
