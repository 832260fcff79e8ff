"""One flipped byte anywhere: refused on the screen, nothing predicted, nothing kept for later."""

from __future__ import annotations

import base64
import random
import re
import threading
from typing import TYPE_CHECKING

import pytest
from pages import csv, digits, new_server, serving

from edge_infer.contract import read_contract
from edge_infer.trust.keygen import generate
from edge_infer.trust.keys import parse_public_key
from firmware_bundle.phone.serving import as_served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chromium import Chromium, Page
    from pages import Shop

    from firmware_bundle.phone.serving import PageServer

CHANCE = random.Random(9)
FOLDER = [
    "LICENCES.txt", "app.js", "artifact/contract.json", "artifact/golden.bin",
    "artifact/model.onnx", "bundle.json", "engine.bin", "icon-192.png", "icon-512.png",
    "index.html", "key.pub", "manifest.webmanifest", "model.sig", "style.css", "sw.js", "worker.js",
]  # fmt: skip
REFUSED = """document.body?.dataset.state === 'not_verified' || (
  document.readyState === 'complete' && performance.now() > 2000
  && document.body.innerText.includes('othing is predicted')
  && !document.querySelector('#progress')?.checkVisibility())"""
"""Either the page says so, or its script never ran: it would have before the page was complete."""
REFUSAL = """(() => {
  const shown = (id) => document.getElementById(id)?.checkVisibility({visibilityProperty: true});
  return {text: document.body?.innerText ?? '', state: document.body?.dataset.state ?? '',
          work: Boolean(shown('work')), answer: Boolean(shown('answer'))};
})()"""


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def assert_refused(page: Page, what: object) -> None:
    """It says so, and offers nothing to ask."""
    page.wait(REFUSED, seconds=60)
    found = page.evaluate(REFUSAL)
    assert found["state"] != "verified", what
    assert not found["work"], what
    assert not found["answer"], what


@pytest.fixture(scope="module")
def server(shop: Shop) -> Iterator[PageServer]:
    """A server whose files are exchanged between two pages."""
    with new_server(shop.files(shop.digits())) as one:
        thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield one
        one.shutdown()
        thread.join()


def test_the_folder_has_no_other_files(server: PageServer) -> None:
    assert sorted(name[1:] for name in server.files if name != "/") == sorted(
        [*FOLDER, "phone.html"]
    )


@pytest.mark.parametrize("name", FOLDER)
def test_a_flipped_byte_in_a_file_of_the_folder_is_refused_on_the_screen(
    server: PageServer, browser: Chromium, name: str
) -> None:
    whole = dict(server.files)
    content = whole[f"/{name}"].content
    try:
        for at in [CHANCE.randrange(len(content))]:
            served = as_served(name, flipped(content, at))
            server.files |= {f"/{name}": served} | ({"/": served} if name == "index.html" else {})
            page = browser.open(server.url, settled=False)
            assert_refused(page, (name, at))
            kept = page.evaluate("navigator.serviceWorker.getRegistrations().then((a) => a.length)")
            assert kept == 0
            page.close()
    finally:
        server.files |= whole


@pytest.mark.parametrize("name", ["engine.bin", "model.sig", "icon-192.png", "sw.js"])
def test_a_missing_file_is_refused_by_name(
    server: PageServer, browser: Chromium, name: str
) -> None:
    whole = dict(server.files)
    del server.files[f"/{name}"]
    try:
        page = browser.open(server.url, settled=False)
        assert_refused(page, name)
        assert name in page.text("#refused_text")
        page.close()
    finally:
        server.files |= whole


PLACES = [
    "artifact/contract.json", "artifact/golden.bin", "artifact/model.onnx", "engine.bin",
    "worker.js", "key.pub", "model.sig", "<style>", "<script", "Content-Security-Policy",
    "<h1", "DOCTYPE", "data-form", "</main>", "not_started", "application/base64",
    "data-packed",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_a_flipped_byte_in_the_one_file_is_refused_on_the_screen(
    shop: Shop, browser: Chromium, tmp_path: Path, place: str
) -> None:
    content = (shop.digits() / "phone.html").read_bytes()
    start = content.index(place.encode("ascii"))
    part = re.compile(rb'data-name="%b">[^<]*' % re.escape(place.encode("ascii"))).search(content)
    end = part.end() if part else start + len(place)
    at = CHANCE.randrange(end - (end - start) // 2, end) if part else CHANCE.randrange(start, end)
    (tmp_path / "phone.html").write_bytes(flipped(content, at))
    page = browser.open((tmp_path / "phone.html").as_uri(), settled=False)
    assert_refused(page, (place, at))
    page.close()


RENDERED = "document.querySelector('%s').getBoundingClientRect().height > 0"


@pytest.mark.parametrize("mode", ["open", "closed"])
@pytest.mark.parametrize("place", ["<main>", '<body data-form="single">'])
def test_a_shadow_root_in_the_one_file_shows_nothing(
    shop: Shop, browser: Chromium, tmp_path: Path, mode: str, place: str
) -> None:
    """The parser takes it out of the spelling, and shows it in place of what was signed."""
    fake = f'<template shadowrootmode="{mode}"><p>Verified. It is a 3.</p></template>'
    text = (shop.digits() / "phone.html").read_text("utf-8")
    assert text.count(place) == 1
    (tmp_path / "phone.html").write_text(text.replace(place, place + fake), "utf-8")
    page = browser.open((tmp_path / "phone.html").as_uri())
    for selector in ("#state", "#work"):
        assert page.evaluate(RENDERED % selector), selector
    assert page.rows(csv(digits()[0][:1]))[0]["label"] == 0
    page.close()


def signature_of(page: bytes) -> bytes:
    found = re.search(rb'data-name="model.sig">([^<]*)<', page)
    assert found
    return base64.b64decode(found[1])


def test_attack_a_folder_under_the_list_of_the_one_file(shop: Shop, browser: Chromium) -> None:
    """That list names no `index.html`, so whoever exchanges it could write on the screen."""
    files = dict(shop.files(shop.digits()))
    page = files["phone.html"]
    files["model.sig"] = signature_of(page)
    files["phone.html"] = re.sub(rb'(<script type="application/base64"[^>]*>)[^<]*', rb"\1", page)
    with serving(files) as url:
        found = browser.open(url)
        assert_refused(found, "the list of the one file")
        found.close()


def test_attack_the_one_file_under_the_list_of_the_folder(
    shop: Shop, browser: Chromium, tmp_path: Path
) -> None:
    files = dict(shop.files(shop.digits()))
    page = files.pop("phone.html")
    own = base64.b64encode(signature_of(page))
    page = page.replace(own, base64.b64encode(files["model.sig"]))
    extra = b"".join(
        b'<script type="application/base64" data-name="%s">%s</script>\n'
        % (name.encode(), base64.b64encode(content))
        for name, content in files.items()
        if f'data-name="{name}"'.encode() not in page
    )
    page = page.replace(b'<script type="module">', extra + b'<script type="module">')
    page = page.replace(b"<main", b"<p>other words</p><main", 1)
    (tmp_path / "phone.html").write_bytes(page)
    found = browser.open((tmp_path / "phone.html").as_uri())
    assert_refused(found, "the list of the folder")
    found.close()


def test_a_whole_page_verifies_after_all_that(server: PageServer, browser: Chromium) -> None:
    page = browser.open(server.url)
    assert page.state == "verified", page.text("#refused_text")
    assert page.rows(csv(digits()[0][:1]))[0]["label"] == 0
    page.close()


@pytest.fixture(scope="module")
def forged(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same model in a page that a stranger signed, whole and consistent."""
    from pages import Shop

    folder = tmp_path_factory.mktemp("stranger")
    generate(folder / "fleet")
    artifact = {
        path.name: path.read_bytes()
        for path in (shop.digits() / "artifact").iterdir()
        if path.name != "model.sig"
    }
    return Shop(folder).page(artifact, read_contract(artifact["contract.json"]))


@pytest.mark.parametrize("form", ["folder", "file"])
def test_a_stranger_who_signs_anew_is_refused_by_a_link_that_names_the_key(
    shop: Shop, browser: Chromium, forged: dict[str, bytes], tmp_path: Path, form: str
) -> None:
    link = f"#{parse_public_key(shop.trust.read_bytes()).fingerprint}"
    if form == "file":
        (tmp_path / "phone.html").write_bytes(forged["phone.html"])
        page = browser.open((tmp_path / "phone.html").as_uri() + link)
    else:
        with serving(forged) as url:
            page = browser.open(url + link)
    assert_refused(page, form)
    assert "names the key" in page.text("#refused_text")
    page.close()


SETTLED_OFFLINE = "document.querySelector('#offline').textContent !== ''"
FORGET = """navigator.serviceWorker.getRegistrations()
  .then((all) => Promise.all(all.map((one) => one.unregister())))
  .then(() => caches.keys())
  .then((all) => Promise.all(all.map((name) => caches.delete(name)))).then(() => null)"""
"""What was kept goes on serving: only who fetches all anew meets the new files."""


def exchanged(server: PageServer, files: dict[str, bytes]) -> None:
    server.files |= {f"/{name}": as_served(name, content) for name, content in files.items()}
    server.files["/"] = server.files["/index.html"]


def test_another_key_or_an_older_release_is_refused_where_the_model_is_known(
    shop: Shop, server: PageServer, browser: Chromium, forged: dict[str, bytes]
) -> None:
    whole = dict(server.files)
    try:
        page = browser.open(server.url)
        page.wait(SETTLED_OFFLINE)
        page.evaluate(FORGET)
        page.close()
        exchanged(server, shop.files(shop.digits(sequence=2)))
        page = browser.open(server.url)
        assert page.text("#proof_sequence") == "2"
        page.wait(SETTLED_OFFLINE)
        for files, said in (
            (forged, "knows this model under the key"),
            (shop.files(shop.digits()), "does not go back"),
        ):
            exchanged(server, files)
            page.evaluate(FORGET)
            other = browser.open(server.url)
            assert_refused(other, said)
            assert said in other.text("#refused_text")
            other.close()
        back = shop.digits(may_replace=2)
        exchanged(server, shop.files(back))
        page.evaluate(FORGET)
        other = browser.open(server.url)
        assert (other.state, other.text("#proof_sequence")) == ("verified", "1")
        other.close()
        page.close()
    finally:
        server.files |= whole
