"""Frames beyond 4K: bounded memory and time, the same windows whatever band they lie in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from examples.camera.faces import scanning
from examples.camera.faces.features import ROW
from examples.camera.faces.portrait import scene
from examples.camera.faces.pyramid import LARGEST_LEVEL, pyramid
from examples.camera.faces.scanning import Scan

ROOT = Path(__file__).parents[4]
WEIGHTS = np.random.default_rng(0).normal(size=ROW) * 0.02


class Linear:
    """What `LinearSVC` computes."""

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        return X @ WEIGHTS


@pytest.mark.parametrize("shape", [(80, 90), (130, 60), (67, 70)])
def test_bands_of_a_level_give_its_windows(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    grey = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    grey = np.asarray(cv2.GaussianBlur(grey, (5, 5), 0), np.uint8)
    scan, least = Scan(Linear()), -0.35
    whole = scan.candidates(pyramid(grey, 30, step=1.2), least)
    assert len(whole.scores) > 50
    for pixels in (1, 3000):
        monkeypatch.setattr(scanning, "BAND_PIXELS", pixels)
        parts = scan.candidates(pyramid(grey, 30, step=1.2), least)
        np.testing.assert_array_equal(parts.boxes, whole.boxes)
        np.testing.assert_array_equal(parts.rows, whole.rows)
        np.testing.assert_array_equal(parts.scores, whole.scores)


def test_a_band_keeps_no_more_windows_than_a_level(monkeypatch: pytest.MonkeyPatch) -> None:
    grey = np.random.default_rng(4).integers(0, 256, (200, 200), dtype=np.uint8)
    monkeypatch.setattr(scanning, "_MOST_OF_A_LEVEL", 50)
    scan = Scan(Linear())
    whole = scan.candidates(pyramid(grey, 36, step=9.0), -9.0)
    assert len(whole.scores) == 50
    monkeypatch.setattr(scanning, "BAND_PIXELS", 5000)
    parts = scan.candidates(pyramid(grey, 36, step=9.0), -9.0)
    np.testing.assert_array_equal(np.sort(parts.scores), np.sort(whole.scores))


def test_no_level_is_larger_than_the_largest_and_the_others_stay_as_they_are() -> None:
    grey = np.zeros((4320, 7680), np.uint8)
    scales = [level.scale for level in pyramid(grey, 32, step=1.2)]
    every = 36 / 32 / 1.2 ** np.arange(60)
    sizes = every**2 * grey.size
    np.testing.assert_allclose(
        scales, every[(sizes <= LARGEST_LEVEL) & (every * 4320 >= 36)], rtol=1e-12
    )
    assert 36 / scales[0] < 64, "the smallest face of 8K"
    ordinary = np.zeros((2160, 3840), np.uint8)
    assert next(pyramid(ordinary, 32, step=1.2)).scale == 36 / 32, "4K is searched whole"


@pytest.mark.deep
def test_faces_in_8k_within_bounded_memory(tmp_path: Path) -> None:
    frame = np.full((4320, 7680), 100, np.uint8)
    frame[1000:1240, 3000:3320] = scene(240, 320, (40, 60, 70), (180, 90, 120))
    cv2.imwrite(str(tmp_path / "8k.jpg"), frame)
    code = (
        "import sys\n"
        "from examples.camera.__main__ import main\n"
        "code = main(['detect', sys.argv[1], '--json'])\n"
        # Not the resource usage: that begins with the peak of whoever started the process.
        "peak = open('/proc/self/status').read().partition('VmHWM:')[2]\n"
        "print(int(peak.split()[0]) // 1024, file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "8k.jpg")],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.count('"score"') == 2
    assert int(done.stderr.split()[-1]) < 600, "MB; 1,100 before bands"
