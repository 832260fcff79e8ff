"""The page verifies, then predicts what Python predicts, and asks nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pages import csv, digits, trained

if TYPE_CHECKING:
    from chromium import Chromium, Page
    from pages import Shop


def test_the_page_predicts_what_scikit_learn_predicts(page: Page) -> None:
    X, y = digits()
    found = page.rows(csv(X[1347:]))
    estimator = trained(X, y)
    assert [one["label"] for one in found] == estimator.predict(X[1347:]).tolist()
    scores = np.array([list(one["scores"].values()) for one in found])
    np.testing.assert_allclose(scores, estimator.predict_proba(X[1347:]), rtol=0, atol=1e-9)


def test_the_page_shows_key_release_and_certificate(page: Page, shop: Shop) -> None:
    from edge_infer.trust.keys import parse_public_key

    key = parse_public_key(shop.trust.read_bytes())
    assert page.text("#proof_key") == key.grouped
    assert page.text("#proof_fingerprint") == key.fingerprint
    assert page.text("#proof_sequence") == "1"
    assert page.text("#model_name") == "digits"
    assert "0 differ" in page.text("#proof_certificate")
    assert page.text("#state") == "Verified"


def test_no_request_leaves_the_origin_and_nothing_is_said_on_the_console(
    page: Page, address: str
) -> None:
    page.rows(csv(digits()[0][:3]))
    foreign = [url for url in page.requests if not url.startswith((address, f"blob:{address}"))]
    assert foreign == []
    assert page.errors == []


def test_the_policy_stops_a_request_that_a_script_makes(page: Page) -> None:
    tried = "fetch('http://127.0.0.1:9/', {mode: 'no-cors'}).then(() => 'sent', () => 'stopped')"
    assert page.evaluate(tried) == "stopped"
    assert any("Content Security Policy" in error for error in page.errors)


def test_the_page_in_one_file_predicts_without_a_server(browser: Chromium, shop: Shop) -> None:
    X, y = digits()
    page = browser.open((shop.digits() / "phone.html").as_uri())
    assert page.state == "verified", page.text("#refused_text")
    found = page.rows(csv(X[1347:1447]))
    assert [one["label"] for one in found] == trained(X, y).predict(X[1347:1447]).tolist()
    assert [url for url in page.requests if not url.startswith(("file:", "blob:null/"))] == []
    assert page.errors == []
    page.close()


def test_a_link_that_names_another_key_is_refused(browser: Chromium, address: str) -> None:
    page = browser.open(f"{address}#SHA256:{'A' * 43}")
    assert page.state == "not_verified"
    assert "names the key" in page.text("#refused_text")
    page.close()
