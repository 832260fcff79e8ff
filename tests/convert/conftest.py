"""An artifact on disk, signed, and loaded as a device loads it."""

from __future__ import annotations

import itertools
import os

import pytest

os.environ["ORT_DISABLE_TELEMETRY"] = "1"


@pytest.fixture
def shorter(monkeypatch):
    """Fewer rows than a real proof tries, so that many proofs fit into a test run."""
    monkeypatch.setattr("convert.prove.case.SELF_CHECK_ROWS", (70, 100))
    monkeypatch.setattr("convert.prove.probes.MOST_ROWS", 1500)
    monkeypatch.setattr("convert.prove.probes.LEAST_ROWS", 900)


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
