"""The whole loop on a recording of 640 by 480: fast enough, within its memory, and flat."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import recordings

pytestmark = pytest.mark.skipif(
    os.environ.get("EDGE_INFER_CAMERA") != "1", reason="half a minute a run: make test-camera"
)

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from benchmarks.camera.loop import recording

    recordings.recording("vtest")
    path = tmp_path_factory.mktemp("loop") / "walkers.avi"
    recording(path)
    return path


@pytest.mark.parametrize(("engine", "most_mb"), [("onnxruntime", 150), ("native", 110)])
def test_two_minutes_of_frames(video: Path, engine: str, most_mb: int) -> None:
    words = ["-m", "benchmarks.camera.loop", "--minutes", "2", "--child", str(video), engine]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, check=True, capture_output=True, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert told["frames"] == 3000
    assert told["frames_per_cpu_second"] >= 30, "104 were measured"
    assert told["memory_peak_mb"] <= most_mb
    assert told["memory_growth_mb"] <= 2, "in the second minute"
