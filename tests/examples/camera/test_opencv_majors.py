"""The camera on the OpenCV major that is not installed here, in an environment of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import scenes

from examples.camera.__main__ import main

pytestmark = pytest.mark.skipif(
    os.environ.get("EDGE_INFER_CAMERA") != "1", reason="it installs OpenCV: make test-camera"
)

ROOT = Path(__file__).parents[3]
HERE = "tests/examples/camera"
QUICK = "not training and not readme and not guide"
NO_INDEX = re.compile(r"No matching distribution|connection|timed out|resolution", re.IGNORECASE)


def installed(place: Path, major: int) -> Path:
    """A Python that has that OpenCV, and all else from the environment of this one."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    packages = next(place.glob("lib/python3*/site-packages"))
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--target", str(packages), "-r", f"requirements/opencv{major}.txt"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    if done.returncode != 0 and NO_INDEX.search(done.stderr):
        pytest.skip(f"OpenCV {major} cannot be had without a network: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    shared = Path(cv2.__file__).parents[1]
    (packages / "shared.pth").write_text(f"{shared}\n{ROOT}\n")
    return place / "bin" / "python"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    major = 4 if int(cv2.__version__.split(".")[0]) == 5 else 5
    python = installed(tmp_path_factory.mktemp("opencv") / "venv", major)
    told = subprocess.run(
        [python, "-c", "import cv2; print(cv2.__version__)"], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    version = tuple(map(int, told.stdout.split(".")[:2]))
    assert version >= (4, 12)
    assert version[0] == major, "the environment has the other major"
    return python


def test_the_cameras_tests_pass_there(other: Path) -> None:
    done = subprocess.run(
        [other, "-m", "pytest", "-q", "-p", "no:cacheprovider", HERE, "-k", QUICK],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=400,
        env={k: v for k, v in os.environ.items() if k != "EDGE_INFER_CAMERA"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 150, done.stdout[-500:]


def test_a_replay_there_writes_the_same_bytes(other: Path, tmp_path: Path) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    for number, picture in enumerate(scenes.walk(110, scenes.Walker(step=3))):
        cv2.imwrite(str(frames / f"{number:03d}.png"), picture)
    words = ["replay", str(frames), "--events"]
    assert main([*words, str(tmp_path / "here")]) == 0
    subprocess.run(
        [other, "-m", "examples.camera", *words, str(tmp_path / "there")], cwd=ROOT, check=True
    )
    here = (tmp_path / "here").read_bytes()
    assert b'"start"' in here
    assert here == (tmp_path / "there").read_bytes()
