"""Each state of the page: seen, spoken, operable by keyboard; its picture goes into the docs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from chromium import Chromium
from fake_camera import CAMERA, film, write_film
from pages import PHONE, csv, digits, serving, trained
from PIL import Image as Pillow

from examples.camera.faces.portrait import scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chromium import Page
    from pages import Shop

THREE = [[0.3, 0.2], [0.6, 0.15], [0.68, 0.32], [0.45, 0.47], [0.7, 0.6], [0.62, 0.8], [0.3, 0.82]]
"""Where a pen goes that draws a three."""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Chromium]]:
    """Makes browsers with switches and options of their own, and ends them."""
    made: list[Chromium] = []

    def one(*args: str, **options: Any) -> Chromium:
        made.append(Chromium(tmp_path / f"own-{len(made)}", list(args), {**PHONE, **options}))
        return made[-1]

    yield one
    for browser in made:
        browser.end()


def hold(page: Page, name: str, tmp_path: Path) -> None:
    """No fault of accessibility, nothing wider than the screen; and the picture of it."""
    assert page.browser.do("accessibility", page=page.number) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    place = os.environ.get("EDGE_INFER_BROWSER_FIGURES")
    picture = Path(place or tmp_path) / f"{name}.png"
    page.screenshot(picture)
    if place:
        Pillow.open(picture).convert("RGB").quantize(64).save(picture, optimize=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_drawing(make: Callable[..., Chromium], address: str, tmp_path: Path, scheme: str) -> None:
    page = make(colorScheme=scheme).open(address)
    assert page.state == "verified"
    page.click("#tab_draw")
    page.browser.do("draw", page=page.number, selector="#pad", points=THREE)
    page.settle()
    assert page.text("#label") == "3"
    hold(page, f"drawing-{scheme}", tmp_path)
    page.click("#proof summary")
    hold(page, f"proof-{scheme}", tmp_path)


COUNTED = """addEventListener('DOMContentLoaded', () => {
  window.answered = 0;
  const json = document.getElementById('json');
  new MutationObserver(() => { window.answered += 1; }).observe(json, { childList: true });
});"""
STROKES = 14


def test_all_of_it_with_a_keyboard(make: Callable[..., Chromium], address: str) -> None:
    """Answers are counted: the one before is not taken for the one that was asked for."""
    page = make().open(address, scripts=(COUNTED,))
    page.wait("document.querySelector('#offline').textContent !== ''")

    page.evaluate("document.querySelector('#tab_camera').focus()")
    tab = "document.activeElement"
    page.browser.do("keys", page=page.number, keys=["ArrowRight", "ArrowRight"])
    assert page.evaluate(f"{tab}.id") == "tab_draw"
    assert page.shown("#panel_draw")
    page.browser.do("keys", page=page.number, keys=["Tab", *["Shift+ArrowDown"] * STROKES])
    page.wait(f"window.answered === {STROKES}")
    assert page.text("#label") == "1"
    page.browser.do("keys", page=page.number, keys=["Tab", "Enter"])
    assert page.shown("#pad_hint")
    page.evaluate("document.querySelector('#tab_draw').focus()")
    page.browser.do("keys", page=page.number, keys=["ArrowRight", "Tab"])
    assert page.evaluate(f"{tab}.id") == "rows_text"
    page.browser.do("keys", page=page.number, keys=["Tab", "Tab", "Enter", "Shift+Tab", "Enter"])
    page.wait(f"window.answered === {STROKES + 1}")
    (answer,) = page.answers()
    row = np.array(page.evaluate("document.querySelector('#rows_text').value").split(","), float)
    assert answer["label"] == int(trained(*digits()).predict(row[None])[0])
    assert page.text("#announcement").startswith("Answer: ")


def test_rows(make: Callable[..., Chromium], address: str, tmp_path: Path) -> None:
    page = make().open(address)
    page.rows(csv(digits()[0][1500:1506]))
    assert page.evaluate("document.querySelectorAll('#rows_listed tr').length") == 6
    hold(page, "rows", tmp_path)
    page.rows("1,2,3")
    hold(page, "rows-refused", tmp_path)


def test_live(make: Callable[..., Chromium], shop: Shop, address: str, tmp_path: Path) -> None:
    X, y = digits()
    threes = np.flatnonzero(y[1347:] == 3) + 1347
    film(tmp_path / "film.y4m", X[threes], y[threes], trained(X, y), frames=20)
    capture = f"--use-file-for-fake-video-capture={tmp_path / 'film.y4m'}"
    page = make(*CAMERA, capture).open(address)
    page.click("#camera_start")
    page.wait("document.querySelector('#camera_take').checkVisibility()")
    page.click("#camera_take")
    page.settle()
    assert page.text("#label") == "3"
    page.click("#camera_live")
    page.wait("document.querySelector('#motion').textContent === 'Moving'")
    page.wait("/[1-9][0-9]* frames/.test(document.querySelector('#rate').textContent)")
    hold(page, "live", tmp_path)


UNPLUGGED_IN_BETWEEN = """(() => {
  const [track] = document.querySelector('#video').srcObject.getVideoTracks();
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (...given) {
    Worker.prototype.postMessage = post;
    post.apply(this, given);
    track.dispatchEvent(new Event('ended'));
  };
})()"""
"""Right after a frame went to the worker, whose answer must not hide what is said then."""


def test_a_camera_that_is_unplugged_while_it_is_live(
    make: Callable[..., Chromium], address: str, tmp_path: Path
) -> None:
    page = make(*CAMERA).open(address)
    page.click("#camera_start")
    page.wait("document.querySelector('#camera_live').checkVisibility()")
    page.click("#camera_live")
    page.wait("/[1-9][0-9]* frames/.test(document.querySelector('#rate').textContent)")
    page.evaluate(UNPLUGGED_IN_BETWEEN)
    page.wait("!document.querySelector('#refused').hidden")
    page.evaluate("new Promise((done) => setTimeout(done, 500))")
    assert page.shown("#refused")
    assert "unplugged" in page.text("#refused_text")
    assert not page.shown("#finder")
    hold(page, "camera-unplugged", tmp_path)
    page.click("#camera_start")
    page.wait("document.querySelector('#camera_take').checkVisibility()")
    page.click("#camera_take")
    page.wait("document.querySelector('#refused').hidden")
    page.click("#camera_turn")
    page.wait("document.querySelector('#video').readyState >= 2")
    page.click("#camera_start")
    page.wait("!document.querySelector('#finder').checkVisibility()")


def test_faces(make: Callable[..., Chromium], shop: Shop, tmp_path: Path) -> None:
    """Of nobody: a picture with two, then a live one."""
    cv2.imwrite(str(tmp_path / "party.png"), scene(240, 320, (40, 60, 70), (180, 90, 120)))
    # Slowly to and fro: a box is drawn some milliseconds after its frame.
    walk = [*range(110, 170, 2), *range(170, 110, -2)]
    frames = [scene(240, 320, (x, 60, 110)) for x in walk]
    write_film(tmp_path / "film.y4m", frames, numbered=False)
    capture = f"--use-file-for-fake-video-capture={tmp_path / 'film.y4m'}"
    with serving(shop.files(shop.faces())) as url:
        page = make(*CAMERA, capture).open(url)
        page.wait("document.querySelector('#offline').textContent !== ''", seconds=60)
        page.click("#tab_file")
        page.act("setInputFiles", "#file", str(tmp_path / "party.png"))
        page.settle()
        assert page.text("#label") == "2 faces"
        assert page.evaluate("document.querySelector('#looked').width") == 320
        hold(page, "faces-picture", tmp_path)
        page.click("#tab_camera")
        page.click("#camera_start")
        page.wait("document.querySelector('#camera_live').checkVisibility()")
        page.click("#camera_live")
        page.wait("/[1-9][0-9]* frames/.test(document.querySelector('#rate').textContent)")
        page.wait("document.querySelector('#label').textContent === '1 face'")
        boxes = "document.querySelector('#boxes')"
        assert page.evaluate(f"{boxes}.width / {boxes}.height") == pytest.approx(4 / 3)
        drawn = (
            f"{boxes}.getContext('2d').getImageData(0, 0, {boxes}.width, {boxes}.height)"
            ".data.some((value) => value > 0)"
        )
        assert page.evaluate(drawn)
        hold(page, "faces-live", tmp_path)
        page.click("#camera_take")
        page.wait("document.querySelector('#looked').checkVisibility()")
        assert not page.evaluate(drawn)
        page.click("#camera_start")
        page.wait("!document.querySelector('#finder').checkVisibility()")
        assert page.errors == []


def test_camera_denied(make: Callable[..., Chromium], address: str, tmp_path: Path) -> None:
    page = make("--use-fake-device-for-media-stream", "--deny-permission-prompts").open(address)
    page.click("#camera_start")
    page.wait("!document.querySelector('#refused').hidden")
    assert "may not use the camera" in page.text("#refused_text")
    hold(page, "camera-denied", tmp_path)


def test_no_camera(make: Callable[..., Chromium], address: str) -> None:
    page = make("--use-fake-ui-for-media-stream").open(address)
    page.click("#camera_start")
    page.wait("!document.querySelector('#refused').hidden")
    assert "no camera" in page.text("#refused_text")


def test_the_camera_is_in_use(make: Callable[..., Chromium], address: str) -> None:
    busy = (
        "navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('in use', 'NotReadableError'))"
    )
    page = make().open(address, scripts=(busy,))
    page.click("#camera_start")
    page.wait("!document.querySelector('#refused').hidden")
    assert "another app" in page.text("#refused_text")


def test_an_altered_page(make: Callable[..., Chromium], shop: Shop, tmp_path: Path) -> None:
    files = shop.files(shop.digits())
    graph = bytearray(files["artifact/model.onnx"])
    graph[len(graph) // 2] ^= 1
    with serving(files | {"artifact/model.onnx": bytes(graph)}) as url:
        page = make().open(url)
        assert "artifact/model.onnx is not the file" in page.text("#refused_text")
        hold(page, "altered", tmp_path)


def test_verifying(make: Callable[..., Chromium], address: str, tmp_path: Path) -> None:
    """Progress is on the screen while a slow network brings the engine."""
    page = make().open("about:blank", settled=False)
    slow = {"offline": False, "latency": 5, "downloadThroughput": 900_000, "uploadThroughput": 9e5}
    number = page.number
    page.browser.do("protocol", page=number, method="Network.enable", values={})
    page.browser.do("protocol", page=number, method="Network.emulateNetworkConditions", values=slow)
    page.browser.do("goto", page=number, url=address)
    page.wait(
        "document.querySelector('#progress')?.checkVisibility({visibilityProperty: true})"
        " && document.querySelector('#bar').value > 3"
    )
    hold(page, "verifying", tmp_path)
    assert not page.shown("#work")
    page.wait("document.body.dataset.state === 'verified'", seconds=60)
