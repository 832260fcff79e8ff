"""`edge-infer convert --native`, as it is typed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import joblib
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from convert.native.targets import host_target

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed pickle, its samples, and keys."""
    folder = tmp_path_factory.mktemp("command")
    X, y = load_iris(return_X_y=True)
    joblib.dump(LogisticRegression(max_iter=300).fit(X, y), folder / "iris.joblib")
    (folder / "samples.csv").write_text("\n".join(",".join(map(str, row)) for row in X.tolist()))
    for words in (["keygen", "fleet"], ["sign", "iris.joblib", "--key", "fleet.key"]):
        assert _run(folder, *words).returncode == 0
    return folder


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge_infer", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


CONVERT = (
    *("convert", "iris.joblib", "--trust", "fleet.pub", "--samples", "samples.csv"),
    *("--key", "fleet.key"),
)


@pytest.mark.deep
def test_one_command_writes_the_library_and_the_source(place: Path) -> None:
    done = _run(place, *CONVERT, "--native", "host", "--emit-c", "firmware", "--out", "artifact")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (place / "firmware").iterdir()) == [
        "edge_model.c",
        "edge_model.h",
    ]
    assert (place / "artifact" / "native" / f"{host_target().name}.so").is_file()


@pytest.mark.deep
def test_a_model_beyond_the_budget_leaves_nothing_behind(place: Path) -> None:
    words = ("--native", "host", "--max-bytes", "2000", "--emit-c", "small", "--out", "too-large")
    done = _run(place, *CONVERT, *words)
    assert done.returncode == 5
    assert "too large" in done.stderr
    assert "at most 2,000 bytes" in done.stderr
    assert not list(place.glob("too-large*"))
    assert not list(place.glob("small*"))


@pytest.mark.parametrize(
    ("targets", "said"), [("toaster", "no such target"), ("", "no such target")]
)
def test_a_target_that_is_none_is_named_before_any_work(
    place: Path, targets: str, said: str
) -> None:
    done = _run(place, *CONVERT, "--native", targets, "--out", "none")
    assert done.returncode == 5
    assert said in done.stderr
    assert not list(place.glob("none*"))
