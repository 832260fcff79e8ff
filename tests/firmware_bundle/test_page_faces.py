"""The page's search for faces beside the camera's: every number to the last bit."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_infer.contract.detector import ROWS, read_detector
from edge_infer.errors import BadInput, EdgeInferError, Incompatible, Untrusted
from examples.camera.faces import features, settings
from examples.camera.faces.grouping import group
from examples.camera.faces.pyramid import pyramid
from examples.camera.faces.scanning import Product

PROGRAM = Path(__file__).with_name("page_faces.mjs")
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
RNG = np.random.default_rng(11)


def page(**given: Any) -> dict[str, Any]:
    done = subprocess.run(
        ["node", PROGRAM], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def handed(picture: np.ndarray) -> dict[str, Any]:
    height, width = picture.shape
    return {"width": width, "height": height, "data": spelled(picture)}


def spelled(array: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def read(text: str, dtype: Any) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype)


def textured(height: int, width: int) -> np.ndarray:
    """Shapes and noise, so that every direction and strength of gradient is there."""
    coarse = RNG.integers(0, 256, (height // 8 + 2, width // 8 + 2), dtype=np.uint8)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(int)
    return np.clip(smooth + RNG.integers(-30, 31, (height, width)), 0, 255).astype(np.uint8)


PICTURES = [
    textured(36, 36), textured(61, 47), textured(130, 173), textured(40, 301),
    np.full((52, 52), 200, np.uint8), RNG.integers(0, 256, (64, 64), dtype=np.uint8),
    (np.indices((48, 60)).sum(axis=0) % 2 * 255).astype(np.uint8),
]  # fmt: skip


def test_every_feature_of_every_cell_has_the_bits_of_python() -> None:
    found = page(pictures=[handed(one) for one in PICTURES])["pictures"]
    for picture, text in zip(PICTURES, found, strict=True):
        want = features.features(picture).transpose(1, 2, 0)
        assert read(text, np.float32).tobytes() == np.ascontiguousarray(want).tobytes()


@pytest.mark.deep
def test_every_gradient_that_8_bits_can_have_counts_as_in_python() -> None:
    """A cell for each of the 511 x 511: one of its pixels has that gradient."""
    steps = np.arange(-255, 256)
    dy, dx = np.meshgrid(steps, steps, indexing="ij")
    cells = np.zeros((511, 511, 4, 4), np.uint8)
    cells[:, :, 1, 0], cells[:, :, 1, 2] = np.maximum(-dx, 0), np.maximum(dx, 0)
    cells[:, :, 0, 1], cells[:, :, 2, 1] = np.maximum(-dy, 0), np.maximum(dy, 0)
    picture = cells.swapaxes(1, 2).reshape(511 * 4, 511 * 4)
    found = page(digests=[handed(picture)])["digests"]
    want = np.ascontiguousarray(features.features(picture).transpose(1, 2, 0))
    assert found == [hashlib.sha256(want.tobytes()).hexdigest()]


def smaller_sizes() -> list[tuple[np.ndarray, int, int]]:
    """Sizes between a half and the whole, the only ones that a pyramid asks for."""
    return [
        (textured(height, width), round(width * scale), round(height * scale))
        for height, width in [(240, 320), (99, 120), (37, 50), (135, 241), (64, 64)]
        for scale in (0.501, 0.64, 36 / 47, 0.83, 0.97, 1.0)
    ]


def test_pixels_between_two_sizes_are_those_of_opencv() -> None:
    wanted = smaller_sizes()
    halves = [textured(h, w) for h, w in [(240, 320), (135, 67), (67, 135), (45, 61), (15, 20)]]
    sizes = [{"picture": handed(p), "width": w, "height": h} for p, w, h in wanted]
    found = page(smaller=[*sizes, *({"picture": handed(one)} for one in halves)])["smaller"]
    for (picture, width, height), text in zip(wanted, found, strict=False):
        want = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
        assert read(text, np.uint8).tobytes() == want.tobytes(), (picture.shape, width, height)
    for picture, text in zip(halves, found[len(wanted) :], strict=True):
        size = (picture.shape[1] // 2, picture.shape[0] // 2)
        want = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        assert read(text, np.uint8).tobytes() == want.tobytes(), picture.shape


@pytest.mark.parametrize("shape", [(240, 320), (361, 271), (480, 645), (35, 400), (46, 47)])
def test_the_levels_of_the_pyramid_are_those_of_python(shape: tuple[int, int]) -> None:
    picture = textured(*shape)
    found = page(levels={"picture": handed(picture), "smallest": 47, "step": 1.2})["levels"]
    want = list(pyramid(picture, 47, step=1.2))
    assert len(found) == len(want)
    for got, level in zip(found, want, strict=True):
        assert got["scale"] == level.scale
        assert (got["height"], got["width"]) == level.grey.shape
        assert read(got["data"], np.uint8).tobytes() == level.grey.tobytes()


def test_windows_rows_and_boxes_are_those_of_python() -> None:
    picture = textured(120, 161)
    weights, scale = RNG.normal(size=features.ROW), 0.7
    level = next(iter(pyramid(picture, 36 / scale, step=1.2)))
    cells = features.features(level.grey)
    product = Product.of(weights, 0.25)
    scores = product.scores(cells)
    least = float(np.sort(scores.ravel())[-40])
    found = page(
        rows={
            "picture": handed(level.grey), "weights": weights.tolist(), "bias": 0.25,
            "least": least - 1e-3, "scale": level.scale,
        }
    )  # fmt: skip
    np.testing.assert_allclose(read(found["scores"], np.float64), scores.ravel(), atol=1e-3)
    top, left = (np.array([one[name] for one in found["rows"]]) for name in ("top", "left"))
    picked = set(zip(top.tolist(), left.tolist(), strict=True))
    assert {tuple(place) for place in np.argwhere(scores >= least).tolist()} <= picked
    want = features.window_rows(cells, top, left).astype(np.float64)
    for got, row, box in zip(found["rows"], want, level.boxes(top, left), strict=True):
        assert read(got["row"], np.float64).tobytes() == row.tobytes()
        assert got["box"] == box.tolist()


def test_windows_are_grouped_as_in_python() -> None:
    cases = []
    for count in (0, 1, 2, 40, 300):
        corner = RNG.uniform(0, 200, (count, 2))
        side = RNG.choice([40.0, 48.0, 57.6, 120.0], (count, 1))
        cases.append((np.hstack([corner, corner + side]), RNG.choice(np.arange(1, 14.0), count)))
    handed_over = [
        [{"box": b.tolist(), "score": s} for b, s in zip(boxes, scores.tolist(), strict=True)]
        for boxes, scores in cases
    ]
    for (boxes, scores), found in zip(cases, page(windows=handed_over)["windows"], strict=True):
        faces, sums = group(boxes, scores)
        assert len(found) == len(faces)
        for got, box, score in zip(found, faces, sums, strict=True):
            np.testing.assert_allclose(got["box"], box, rtol=1e-12)
            assert got["score"] == pytest.approx(score, rel=1e-12)


@pytest.mark.parametrize("step", [101, pytest.param(7, marks=pytest.mark.deep)])
def test_brightness_is_opencvs(step: int) -> None:
    """A colour in so many of all, every value of every channel among them."""
    steps = np.arange(0, 256**3, step)
    rgba = np.stack([steps >> 16, steps >> 8 & 255, steps & 255, np.full(len(steps), 255)], axis=1)
    found = read(page(colours=spelled(rgba.astype(np.uint8)))["colours"], np.uint8)
    want = cv2.cvtColor(rgba[None, :, 2::-1].astype(np.uint8), cv2.COLOR_BGR2GRAY)[0]
    assert found.tobytes() == want.tobytes()


SETTINGS = settings.Settings(features.VERSION, 1.2, -1.0, -2.0, 14.9, (0.1, 0.1, 0.9, 0.9))
WRITTEN = settings.write_settings(SETTINGS)


def changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(WRITTEN), **fields}).encode()


DECLARATIONS = {
    "as it was trained": (WRITTEN, None),
    "newer format": (changed(format=2), Incompatible),
    "unknown field": (changed(surprise=1), Incompatible),
    "missing field": (WRITTEN.replace(b'"doubt"', b'"doubted"'), Incompatible),
    "other features": (changed(features="gradients-35x7x7-2"), Incompatible),
    "a step that shrinks nothing": (changed(step=1.0), Incompatible),
    "text for a number": (changed(least="-1"), Incompatible),
    "half a box": (changed(box=[0.1, 0.1]), Incompatible),
    "twice the same field": (WRITTEN.replace(b"{", b'{"step": 9,', 1), (BadInput, Incompatible)),
    "no JSON": (b"\xff", (BadInput, Incompatible)),
}


def test_what_is_declared_is_read_alike_or_refused_alike() -> None:
    names = [settings.model_name(content) for content, _ in DECLARATIONS.values()]
    given = [
        {"content": base64.b64encode(content).decode(), "names": [name] * 2}
        for (content, _), name in zip(DECLARATIONS.values(), names, strict=True)
    ]
    found = page(declarations=given)["declarations"]
    for (case, (content, refusal)), name, said in zip(
        DECLARATIONS.items(), names, found, strict=True
    ):
        if refusal is None:
            declared = read_detector(content, [name])
            assert said["declared"] == json.loads(content)
            assert (declared.step, declared.least, declared.doubt) == (1.2, -1.0, -2.0)
            assert (declared.min_score, declared.box) == (SETTINGS.min_score, SETTINGS.box)
        else:
            with pytest.raises(refusal):
                read_detector(content, [name])
            assert said["name"] == "Incompatible", case


def test_a_declaration_that_a_model_was_not_signed_with_is_untrusted() -> None:
    name, other = settings.model_name(WRITTEN), settings.model_name(b"")
    given = [
        {"content": base64.b64encode(WRITTEN).decode(), "names": names}
        for names in ([name, other], [other, name], [other, other], [f"x{name}", name])
    ]
    for said in page(declarations=given)["declarations"]:
        assert (said["name"], said["refused"]) == ("Untrusted", "other_declaration")
    with pytest.raises(Untrusted, match="signed with"):
        read_detector(WRITTEN, [name, other])


FROZEN = Path(__file__).parents[1] / "data" / "detectors" / "format-1.json"


def test_the_first_format_ever_released_is_still_read() -> None:
    content = FROZEN.read_bytes()
    name = settings.model_name(content)
    declared = read_detector(content, [name])
    assert (declared.format, declared.features) == (1, "gradients-35x7x7-1")
    assert (declared.step, declared.least, declared.doubt) == (1.2, -1.0, -2.0)
    assert (declared.min_score, declared.box) == (14.914, (0.073, 0.067, 0.923, 0.917))
    given = [{"content": base64.b64encode(content).decode(), "names": [name, name]}]
    assert page(declarations=given)["declarations"] == [{"declared": json.loads(content)}]


def test_the_shipped_declaration_is_one_that_the_core_reads() -> None:
    folder = Path(settings.__file__).parents[1] / "models" / "faces"
    content = (folder / "detector.json").read_bytes()
    name = f"faces-{hashlib.sha256(content).hexdigest()}"
    assert read_detector(content, [name]).features in ROWS
    assert ROWS[features.VERSION] == features.ROW
    assert issubclass(Incompatible, EdgeInferError)
