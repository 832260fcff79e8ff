"""A proof's report in a browser: seen, told in words and pictures, and asking nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pages import digits, trained

import convert

if TYPE_CHECKING:
    from pathlib import Path

    from chromium import Chromium, Page

    from convert.artifact import Artifact

HOSTILE = "<img src=x onerror='window.hit = 1'>"
DRAWN = """[...document.querySelectorAll('svg')].map((one) => {
  const {width, height} = one.getBoundingClientRect();
  return width > 50 && height > 10 && one.querySelectorAll('rect, path, line, circle').length > 0;
})"""


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    X, y = digits()
    return convert.export(trained(X, y), X, name="digits")


@pytest.fixture(scope="module")
def report(artifact: Artifact, browser: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Page:
    X, y = digits()
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    artifact.report(path, estimator=trained(X, y), samples=X)
    return browser.open(path.as_uri(), settled=False)


def test_it_shows_what_was_proven(report: Page, artifact: Artifact) -> None:
    report.wait("document.readyState === 'complete'")
    shown = report.evaluate("document.body.innerText")
    certificate = artifact.contract.certificate
    for parity in certificate.parity:
        assert f"{parity.compared:,}" in shown
    for probe in certificate.probes:
        assert probe.kind in shown.lower()
        assert f"{probe.rows:,}" in shown
    for word in ("latency", "scikit-learn", "onnxruntime", "sha-256"):
        assert word in shown.lower()


def test_every_picture_is_drawn_within_the_window(report: Page) -> None:
    drawn = report.evaluate(DRAWN)
    assert len(drawn) >= 3
    assert all(drawn)
    assert report.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_it_asks_nobody_and_nothing_is_said_on_the_console(report: Page) -> None:
    assert [url for url in report.requests if not url.startswith("file:")] == []
    assert len(report.requests) == 1
    assert report.errors == []


def test_it_is_readable_for_everybody(report: Page) -> None:
    assert report.browser.do("accessibility", page=report.number) == []


def test_a_class_label_that_is_html_does_nothing(browser: Chromium, tmp_path: Path) -> None:
    X, y = digits()
    X, names = X[:300], np.where(y[:300] > 4, HOSTILE, "few")
    estimator = trained(X, names)
    convert.export(estimator, X).report(tmp_path / "r.html", estimator=estimator, samples=X)
    page = browser.open((tmp_path / "r.html").as_uri(), settled=False)
    page.wait("document.readyState === 'complete'")
    assert HOSTILE in page.evaluate("document.body.innerText")
    assert page.evaluate("window.hit ?? 0") == 0
    assert page.errors == []
    page.close()
