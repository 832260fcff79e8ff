"""The guide to faces runs as it stands."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
sys.path.insert(0, str(ROOT / "tests" / "project"))

import markdown_runner  # noqa: E402


@pytest.mark.skipif(
    os.environ.get("EDGE_INFER_CAMERA") != "1", reason="a minute of training: make test-camera"
)
def test_every_block_of_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = markdown_runner.environment

    def within_the_repository(folder: Path) -> dict[str, str]:
        return {**clean(folder), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    monkeypatch.setattr(markdown_runner, "environment", within_the_repository)
    assert markdown_runner.run(ROOT / "docs" / "faces.md", tmp_path) == 5
