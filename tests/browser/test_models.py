"""Models of all families: the page's answers beside scikit-learn's, and beside Python's engine."""

from __future__ import annotations

import json
import os
import re
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pages import csv, serving
from zoo import EXHIBITS, fitted, rows

import edge_infer
from edge_infer.commands.predict import answers

if TYPE_CHECKING:
    from chromium import Chromium, Page
    from pages import Shop
    from zoo import Exhibit

TABLE: list[dict[str, Any]] = []


def flat(value: Any) -> list[float]:
    """The numbers within an answer, in order."""
    if isinstance(value, dict):
        return [x for item in value.values() for x in flat(item)]
    if isinstance(value, list):
        return [x for item in value for x in flat(item)]
    return [float(value)]


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda one: one.name)
def test_labels_are_equal_and_scores_within_a_billionth(
    exhibit: Exhibit, shop: Shop, browser: Chromium
) -> None:
    estimator = fitted(exhibit)
    samples, _, asked = rows(exhibit)
    bundle = shop.bundle(exhibit.name, estimator, samples)
    model = edge_infer.load(bundle, trust=shop.trust)
    with serving(shop.files(bundle)) as url:
        page = browser.open(url)
        assert page.state == "verified", page.text("#refused_text")
        found = page.rows(csv(asked))
        in_page = page_us(page)
        page.close()
    if "predict" not in model.verbs:
        got = np.array([one["transform"] for one in found])
        np.testing.assert_allclose(got, estimator.transform(asked), rtol=1e-9, atol=1e-9)
        return
    wanted = list(answers(model, asked, model.predict(asked).tolist()))
    key = "label" if "label" in wanted[0] else "prediction"
    want = estimator.predict(asked).tolist()
    scale = max(1.0, *(abs(x) for one in wanted for x in flat(one.get("scores", 0.0))))
    if key == "label":
        assert [one[key] for one in found] == want
    else:
        np.testing.assert_allclose([one[key] for one in found], want, rtol=1e-9, atol=1e-9)
    worst = 0.0
    for got, expected in zip(found, wanted, strict=True):
        assert got.keys() == expected.keys()
        if "scores" in expected:
            a, b = got["scores"], expected["scores"]
            assert not isinstance(a, dict) or list(a) == list(b)
            worst = max(worst, float(np.abs(np.subtract(flat(a), flat(b))).max()) / scale)
    assert worst <= 1e-9
    TABLE.append(
        {
            "model": exhibit.name, "rows": len(asked), "difference": worst, "page_us": in_page,
            "python_us": python_us(bundle, asked),
        }
    )  # fmt: skip


def page_us(page: Page) -> float:
    """What the page says of itself: microseconds a row at the median."""
    page.evaluate("document.querySelector('#proof').open = true")
    page.click("#bench")
    page.wait("document.querySelector('#bench_said').textContent")
    found = re.search(r"takes ([0-9.e+-]+)", page.text("#bench_said"))
    assert found
    return float(found[1])


def python_us(bundle: Path, asked: Any) -> float:
    """The same row and the same outputs in a bare session of Python's onnxruntime."""
    from edge_infer.contract import read_contract
    from edge_infer.engines.onnxruntime import open_session

    contract = read_contract((bundle / "artifact" / "contract.json").read_bytes())
    session = open_session((bundle / "artifact" / "model.onnx").read_bytes())
    verbs = {one.verb for one in contract.outputs}
    scores = next((v for v in ("predict_proba", "decision_function") if v in verbs), None)
    label = "predict" if "predict" in verbs else contract.outputs[0].verb
    names = [one.name for one in contract.outputs if one.verb in (label, scores)]
    names += [check.name for check in contract.checks]
    feeds = {contract.inputs[0].name: asked[:1]}
    times = []
    for _ in range(40):
        start = time.perf_counter()
        for _ in range(20):
            session.run(names, feeds)
        times.append(1e6 * (time.perf_counter() - start) / 20)
    return statistics.median(times)


def test_there_are_models_of_all_families() -> None:
    assert len(EXHIBITS) >= 25
    assert len({exhibit.path.partition(".")[0] for exhibit in EXHIBITS}) >= 10


def test_one_row_takes_no_longer_than_thrice_what_python_takes() -> None:
    """Both say what their engine and the checks around it take, in one run."""
    if len(TABLE) < 20:
        pytest.skip("the models were not all tried in this run")
    ratios = [one["page_us"] / one["python_us"] for one in TABLE]
    place = os.environ.get("EDGE_INFER_BROWSER_FIGURES")
    if place:
        Path(place, "models.json").write_text(json.dumps(TABLE, indent=1) + "\n")
    print(json.dumps(TABLE), statistics.median(ratios))
    assert statistics.median(ratios) <= 9
