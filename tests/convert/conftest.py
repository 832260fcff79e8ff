"""An artifact on disk, signed, and loaded as a device loads it."""

from __future__ import annotations

import itertools
import os

import pytest

os.environ["ORT_DISABLE_TELEMETRY"] = "1"


@pytest.fixture
def shorter(monkeypatch):
    """Fewer rows than a real proof tries, so that many proofs fit into a test run."""
    from convert.prove.effort import Bounds

    few = Bounds(probes=(900, 1500), alone=(70, 100), engine=(300, 1500), row_buffers=300)
    monkeypatch.setattr("convert.prove.effort.BOUNDS", few)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory):
    """`loaded(artifact)` is the `edge_infer.Model` of an exported artifact."""
    import edge_infer
    from edge_infer.trust.keygen import generate

    folder = tmp_path_factory.mktemp("device")
    private, public = generate(folder / "fleet")
    numbers = itertools.count()

    def load(artifact):
        path = folder / f"artifact_{next(numbers)}"
        artifact.write(path, key=private)
        return edge_infer.load(path, trust=public)

    return load
