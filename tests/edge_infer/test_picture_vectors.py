"""Pictures resized to the pixel, by edge_infer and by the phone's page, as the vectors say."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from artifact_builder import digits_image
from PIL import Image

from edge_infer.images import read_image

PICTURES = Path(__file__).parents[1] / "data" / "pictures"
VECTORS = json.loads((PICTURES / "vectors.json").read_text("ascii"))


def pixels(packed: str, *shape: int) -> Any:
    return np.frombuffer(base64.b64decode(packed), dtype=np.uint8).reshape(shape)


@pytest.mark.parametrize("name", VECTORS["sources"])
def test_every_vector_holds_here(name: str) -> None:
    source = VECTORS["sources"][name]
    picture = Image.fromarray(pixels(source["rgb"], source["height"], source["width"], 3))
    held = 0
    for case, mode, width, height, resample, expected in VECTORS["cases"]:
        if case == name:
            wanted = digits_image(
                mode=mode, width=width, height=height, resample=resample, high=255.0
            )
            row = read_image(picture, wanted)[0]
            assert np.array_equal(row, pixels(expected, -1)), (mode, width, height, resample)
            held += 1
    assert held == 48


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_every_vector_holds_in_the_modules_of_the_page() -> None:
    done = subprocess.run(
        ["node", PICTURES / "hold.mjs"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ['{"held":288}']
