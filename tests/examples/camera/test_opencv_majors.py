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


def installed(place: Path, *wanted: str) -> Path:
    """A Python that has that OpenCV, and all else from the environment of this one."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    packages = next(place.glob("lib/python3*/site-packages"))
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--target", str(packages), *wanted],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    if done.returncode != 0 and NO_INDEX.search(done.stderr):
        pytest.skip(f"{wanted} cannot be had without a network: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    shared = Path(cv2.__file__).parents[1]
    (packages / "shared.pth").write_text(f"{shared}\n{ROOT}\n")
    return place / "bin" / "python"


def version(python: Path) -> tuple[int, ...]:
    told = subprocess.run(
        [python, "-c", "import cv2; print(cv2.__version__)"], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return tuple(map(int, told.stdout.split(".")[:2]))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    major = 4 if int(cv2.__version__.split(".")[0]) == 5 else 5
    place = tmp_path_factory.mktemp("opencv") / "venv"
    python = installed(place, "-r", f"requirements/opencv{major}.txt")
    assert version(python) >= (4, 12)
    assert version(python)[0] == major, "the environment has the other major"
    return python


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first version that requirements/camera.txt allows."""
    text = (ROOT / "requirements" / "camera.txt").read_text("utf-8")
    allowed = re.search(r"opencv-python-headless>=([\d.]+)", text)
    assert allowed is not None
    place = tmp_path_factory.mktemp("opencv") / "venv"
    python = installed(place, f"opencv-python-headless=={allowed[1]}.*")
    assert version(python) == tuple(map(int, allowed[1].split(".")))
    return python


def passed(python: Path, *words: str) -> int:
    """How many of the tests pass there; all of them have to."""
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, "-k", QUICK],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=400,
        env={k: v for k, v in os.environ.items() if k != "EDGE_INFER_CAMERA"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    count = re.search(r"(\d+) passed", done.stdout)
    assert count is not None, done.stdout[-500:]
    return int(count[1])


def test_the_cameras_tests_pass_on_the_other_major(other: Path) -> None:
    assert passed(other, HERE) > 150


def test_motion_and_faces_pass_on_the_oldest_version(oldest: Path) -> None:
    rooms = (f"{HERE}/{room}" for room in ("motion", "faces/test_detector.py", "test_replay.py"))
    assert passed(oldest, *rooms) > 50


@pytest.mark.parametrize("which", ["other", "oldest"])
def test_a_replay_there_writes_the_same_bytes(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    for number, picture in enumerate(scenes.walk(110, scenes.Walker(step=3))):
        cv2.imwrite(str(frames / f"{number:03d}.png"), picture)
    words = ["replay", str(frames), "--events"]
    assert main([*words, str(tmp_path / "here")]) == 0
    subprocess.run(
        [request.getfixturevalue(which), "-m", "examples.camera", *words, str(tmp_path / "there")],
        cwd=ROOT, check=True,
    )  # fmt: skip
    here = (tmp_path / "here").read_bytes()
    assert b'"start"' in here
    assert here == (tmp_path / "there").read_bytes()
