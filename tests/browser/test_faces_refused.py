"""What is altered, mixed or unknown in a detector is refused on the screen, whoever signed it."""

from __future__ import annotations

import dataclasses
import json
import re
import threading
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from face_frames import Reference
from pages import DETECTOR, new_server, serving
from test_tampering import CHANCE, assert_refused, flipped

from edge_infer.contract import read_contract, write_contract
from examples.camera.faces.detector import SMALLEST
from examples.camera.faces.portrait import scene
from examples.camera.faces.pyramid import pyramid
from examples.camera.faces.settings import model_name
from firmware_bundle.phone.serving import as_served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chromium import Chromium
    from pages import Shop

    from firmware_bundle.phone.serving import PageServer

PARTS = ("contract.json", "golden.bin", "model.onnx")
ADDED = ["artifact/detector.json"] + [
    f"artifact/{stage}/{name}" for stage in ("scan", "judge") for name in PARTS
]
CHANGED = ["engine.bin", "worker.js", "app.js", "index.html", "bundle.json"]


@pytest.fixture(scope="module")
def server(shop: Shop) -> Iterator[PageServer]:
    with new_server(shop.files(shop.faces())) as one:
        thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield one
        one.shutdown()
        thread.join()


def test_the_detector_adds_these_files(server: PageServer) -> None:
    served = {name[1:] for name in server.files}
    assert {name for name in served if name.startswith("artifact/")} == set(ADDED)
    assert set(CHANGED) <= served


@pytest.mark.parametrize("name", [*ADDED, *CHANGED])
def test_a_flipped_byte_in_a_file_of_the_folder_is_refused_on_the_screen(
    server: PageServer, browser: Chromium, name: str
) -> None:
    whole = dict(server.files)
    content = whole[f"/{name}"].content
    at = CHANCE.randrange(len(content))
    served = as_served(name, flipped(content, at))
    try:
        server.files |= {f"/{name}": served} | ({"/": served} if name == "index.html" else {})
        page = browser.open(server.url, settled=False)
        assert_refused(page, (name, at))
        assert not page.shown("#finder")
        page.close()
    finally:
        server.files |= whole


@pytest.mark.parametrize("name", ADDED)
def test_a_flipped_byte_in_the_one_file_is_refused_on_the_screen(
    shop: Shop, browser: Chromium, tmp_path: Path, name: str
) -> None:
    content = (shop.faces() / "phone.html").read_bytes()
    part = re.search(rb'data-name="%b">([^<]+)' % re.escape(name.encode()), content)
    assert part is not None
    at = CHANCE.randrange(part.start(1), part.end(1))
    (tmp_path / "phone.html").write_bytes(flipped(content, at))
    page = browser.open((tmp_path / "phone.html").as_uri(), settled=False)
    assert_refused(page, (name, at))
    page.close()


def test_a_part_of_the_one_file_cannot_be_packed_anew(
    shop: Shop, browser: Chromium, tmp_path: Path
) -> None:
    """Another gzip of the same bytes is another file: only the signed spelling is taken."""
    import base64
    import gzip

    content = (shop.faces() / "phone.html").read_bytes()
    part = re.search(rb'data-packed="\w+" data-name="worker.js">([^<]+)', content)
    assert part is not None
    anew = base64.b64encode(gzip.compress(gzip.decompress(base64.b64decode(part[1])), 1))
    spoiled = content[: part.start(1)] + anew + content[part.end(1) :]
    (tmp_path / "phone.html").write_bytes(spoiled)
    page = browser.open((tmp_path / "phone.html").as_uri(), settled=False)
    assert_refused(page, "worker.js")
    assert "worker.js" in page.text("#refused_text")
    page.close()


Files = dict[str, bytes]


def declaring(change: Callable[[Any], Any]) -> Callable[[Files], Files]:
    """Both models signed anew with another declaration, as a dishonest trainer might."""

    def spoil(files: Files) -> Files:
        content = json.dumps(change(json.loads(files["detector.json"]))).encode()
        return renamed(files, model_name(content)) | {"detector.json": content}

    return spoil


def renamed(files: Files, name: str, stages: tuple[str, ...] = ("scan", "judge")) -> Files:
    found = dict(files)
    for stage in stages:
        contract = read_contract(files[f"{stage}/contract.json"])
        contract = dataclasses.replace(contract, name=name)
        found[f"{stage}/contract.json"] = write_contract(contract)
    return found


def lowered(files: Files) -> Files:
    return files | {"detector.json": files["detector.json"].replace(b"14.9", b"04.9")}


def later(files: Files) -> Files:
    """The second model from the next release."""
    contract = read_contract(files["judge/contract.json"])
    newer = dataclasses.replace(contract, sequence=contract.sequence + 1)
    return files | {"judge/contract.json": write_contract(newer)}


def swapped(files: Files) -> Files:
    """Each model in the other's place."""
    return {
        **files,
        **{f"scan/{name}": files[f"judge/{name}"] for name in PARTS},
        **{f"judge/{name}": files[f"scan/{name}"] for name in PARTS},
    }


def bent(files: Files) -> Files:
    """A first model that is whole, passes its golden vectors, and is not linear in its rows."""
    model = onnx.load_from_string(files["scan/model.onnx"])
    (add,) = (node for node in model.graph.node if node.op_type == "Add")
    add.output[0] = "straight"
    model.graph.node.insert(
        list(model.graph.node).index(add) + 1,
        onnx.helper.make_node("Mul", ["straight", "straight"], ["decision"]),
    )
    graph = model.SerializeToString()
    golden = bytearray(files["scan/golden.bin"])
    contract = read_contract(files["scan/contract.json"])
    (rows,) = contract.golden.inputs
    X = np.frombuffer(golden, "<f8", rows.size_bytes // 8, rows.offset_bytes).reshape(rows.shape)
    session = onnxruntime.InferenceSession(graph)
    for tensor in contract.golden.outputs:
        (found,) = session.run([tensor.name], {"X": X.copy()})
        end = tensor.offset_bytes + tensor.size_bytes
        golden[tensor.offset_bytes : end] = found.astype(f"<{found.dtype.str[1:]}").tobytes()
    return files | {"scan/model.onnx": graph, "scan/golden.bin": bytes(golden)}


BAD: dict[str, tuple[Callable[[Files], Files], str]] = {
    "another threshold": (lowered, "not the file that its models were signed with"),
    "models of two detectors": (
        lambda files: renamed(files, "faces-" + "0" * 64, ("judge",)),
        "not the file that its models were signed with",
    ),
    "models of two releases": (
        lambda files: later(files), "not the file that its models were signed with"
    ),
    "newer format": (declaring(lambda one: {**one, "format": 2}), "format 2"),
    "other features": (
        declaring(lambda one: {**one, "features": "gradients-9x9"}), "gradients-9x9"
    ),
    "unknown field": (declaring(lambda one: {**one, "surprise": 1}), "unknown: surprise"),
    "a step that shrinks nothing": (declaring(lambda one: {**one, "step": 1}), "does not know"),
    "half a box": (declaring(lambda one: {**one, "box": [0.1, 0.2]}), "does not know"),
    "swapped": (swapped, "decision_function of a window"),
    "not linear": (bent, "not linear"),
}  # fmt: skip


def spoiled_page(shop: Shop, spoil: Callable[[Files], Files]) -> Files:
    """What is served of a detector that somebody changed before it was published."""
    files = {
        str(path.relative_to(DETECTOR)): path.read_bytes()
        for path in [DETECTOR / "detector.json", *DETECTOR.glob("*/*")]
        if path.is_file() and path.name != "model.sig"
    }
    contract = read_contract(files["scan/contract.json"])
    return shop.page(spoil(files), dataclasses.replace(contract, name="faces"))


@pytest.mark.parametrize("case", BAD)
def test_a_signed_detector_that_is_not_served_here(
    shop: Shop, browser: Chromium, case: str
) -> None:
    spoil, said = BAD[case]
    with serving(spoiled_page(shop, spoil)) as url:
        page = browser.open(url)
        assert_refused(page, case)
        assert said in page.text("#refused_text"), page.text("#refused_text")
        page.close()


def test_a_window_on_a_threshold_is_told_of(shop: Shop, browser: Chromium, tmp_path: Path) -> None:
    """Whether it counts depends on the last digits, which are each engine's own."""
    picture = scene(240, 320, (180, 90, 120))
    cv2.imwrite(str(tmp_path / "one.png"), picture)
    reference = Reference()
    levels = pyramid(picture, SMALLEST, step=reference.detector.settings.step)
    scores = np.sort(reference.windows.candidates(levels, -1.0).scores)
    on_one = declaring(lambda one: {**one, "least": float(scores[len(scores) // 2])})
    with serving(spoiled_page(shop, on_one)) as url:
        page = browser.open(url)
        assert page.state == "verified", page.text("#refused_text")
        page.click("#tab_file")
        page.act("setInputFiles", "#file", str(tmp_path / "one.png"))
        page.settle()
        (answer,) = page.answers()
        assert answer["undecided"] == 1
        assert "Windows on a threshold: 1;" in page.text("#time")
        page.close()
