"""Keys and artifacts that the tests of the runtime share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
sys.path.insert(0, str(Path(__file__).parent))

from typing import TYPE_CHECKING

import artifact_builder
from shell import Shell

from edge_infer.trust.keygen import generate

if TYPE_CHECKING:
    from edge_infer.model import Model


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("keys") / "fleet")[0]


@pytest.fixture(scope="session")
def trust(key: Path) -> Path:
    return key.with_suffix(".pub")


@pytest.fixture(scope="session")
def linear() -> artifact_builder.Linear:
    """64 columns, ten classes."""
    return artifact_builder.random_linear()


@pytest.fixture(scope="session")
def artifact(
    tmp_path_factory: pytest.TempPathFactory, key: Path, linear: artifact_builder.Linear
) -> Path:
    """An artifact that takes 8x8 pictures too. Not to be changed: copy it first."""
    out = tmp_path_factory.mktemp("artifact") / "artifact"
    return artifact_builder.write_artifact(out, key, linear, image=artifact_builder.digits_image())


@pytest.fixture(scope="session")
def model(artifact: Path, trust: Path) -> Model:
    import edge_infer

    return edge_infer.load(artifact, trust=trust)


@pytest.fixture
def shell(artifact: Path, trust: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(artifact, trust, capsys)
