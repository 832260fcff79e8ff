"""Artifacts made by the pinned releases, on the onnxruntime that is first on the path.

`make runtimes` runs this on every release; then the artifacts are made by the pinned one before,
and their folder is named in the environment. The list of refused releases is switched off here and
nowhere else: what is refused is proven to be exact all the same.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import edge_infer
from benchmarks.runtimes.artifacts import MODELS, PLAIN, make
from edge_infer import Incompatible
from edge_infer.engines.onnxruntime import REFUSED

pytestmark = pytest.mark.deep  # `make test-runtimes` has them too, on every release

MINOR = ".".join(onnxruntime.__version__.split(".")[:2])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = os.environ.get("EDGE_INFER_ARTIFACTS")
    if made:
        return Path(made)
    fresh = tmp_path_factory.mktemp("artifacts")
    make(fresh)
    return fresh


@pytest.fixture
def unrefused(monkeypatch):
    monkeypatch.setattr("edge_infer.engines.onnxruntime.check_release", lambda *given: None)


def test_the_release_is_the_one_asked_for():
    asked = os.environ.get("EDGE_INFER_ONNXRUNTIME", onnxruntime.__version__)
    assert onnxruntime.__version__ == asked


@pytest.mark.usefixtures("unrefused")
@pytest.mark.parametrize("name", MODELS)
def test_an_artifact_predicts_what_its_estimator_predicted(folder, name):
    model = edge_infer.load(folder / name, trust=folder / "fleet.pub")
    wanted = np.load(folder / f"{name}.npz", allow_pickle=False)
    for verb in (key for key in wanted.files if key != "X"):
        got, want = getattr(model, verb)(wanted["X"]), wanted[verb]
        if want.dtype.kind == "f":
            scale = np.maximum(np.abs(want), np.abs(want).max())
            assert np.all(np.abs(got - want) <= 1e-9 * scale), verb
        else:
            assert (got == want).all(), verb


def test_a_refused_release_loads_nothing(folder):
    path, trust = folder / MODELS[0], folder / "fleet.pub"
    if MINOR in REFUSED:
        with pytest.raises(Incompatible, match="does not predict what was proven"):
            edge_infer.load(path, trust=trust)
    else:
        assert edge_infer.load(path, trust=trust).engine.startswith("onnxruntime")


def test_the_plain_file_of_a_forest_fails_on_the_refused_releases_alone(folder):
    wanted = np.load(folder / f"{PLAIN}.npz", allow_pickle=False)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        str(folder / f"{PLAIN}.onnx"), options, providers=["CPUExecutionProvider"]
    )
    label = session.get_outputs()[0].name
    got = session.run([label], {"X": wanted["X"].astype(np.float32)})[0]
    flipped = int((got != wanted["predict"]).sum())
    assert (flipped > 0) == (MINOR in REFUSED), f"{flipped} of {len(got)} labels"
