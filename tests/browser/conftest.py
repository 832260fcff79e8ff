"""Bundles with a page, servers for them, and browsers. `make test-browser` runs them."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "edge_infer")]

from pages import PHONE, Shop, serving  # noqa: E402 - found by the line above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chromium import Chromium, Page

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser is for `make test-browser`: starting it takes longer than most tests."""
    from chromium import MISSING

    reason = ""
    if os.environ.get("EDGE_INFER_BROWSER") != "1":
        reason = "needs a browser: make test-browser"
    elif MISSING:
        reason = f"missing: {', '.join(MISSING)}"
    for item in items:
        if reason and HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def engine_packed_once() -> Iterator[None]:
    """It is the same 14 MB each time."""
    from firmware_bundle.phone import page

    with pytest.MonkeyPatch.context() as patch:
        for name in ("engine_binary", "smaller_engine_binary"):
            patch.setattr(page, name, functools.cache(getattr(page, name)))
        yield


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="session")
def address(shop: Shop) -> Iterator[str]:
    """Where the digits are served."""
    with serving(shop.files(shop.digits())) as url:
        yield url


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A browser with a phone's window."""
    from chromium import Chromium

    one = Chromium(tmp_path_factory.mktemp("profile"), options=PHONE)
    yield one
    one.end()


@pytest.fixture(scope="module")
def page(browser: Chromium, address: str) -> Page:
    """The digits' page, verified."""
    one = browser.open(address)
    assert one.state == "verified", (one.text("#refused_text"), one.errors)
    return one
