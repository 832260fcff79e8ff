"""What is wrong, the page says in plain words: the browser, the bundle, the rows, the storage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from pages import PHONE, csv, digits, serving

if TYPE_CHECKING:
    from chromium import Page
    from pages import Shop

    from edge_infer.contract import Contract


@pytest.fixture
def own_browser(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Makes browsers with switches of their own, and ends them."""
    from chromium import Chromium

    made = []

    def make(*args: str) -> Chromium:
        made.append(Chromium(tmp_path_factory.mktemp("own"), args=list(args), options=PHONE))
        return made[-1]

    yield make
    for one in made:
        one.end()


def refused(page: Page) -> str:
    """What it says, having refused as a whole."""
    assert page.state == "not_verified"
    assert page.shown("#refused")
    assert not page.shown("#work")
    assert "nothing is predicted" in page.text("#refused_title")
    return page.text("#refused_text")


def test_webassembly_turned_off(own_browser: Any, address: str) -> None:
    page = own_browser("--js-flags=--jitless").open(address)
    assert "WebAssembly is turned off" in refused(page)


def test_too_little_memory(own_browser: Any, address: str) -> None:
    page = own_browser("--js-flags=--wasm-max-mem-pages=128").open(address)
    assert "too little memory" in refused(page)


def test_no_secure_context(own_browser: Any, address: str) -> None:
    """Plain http from another machine: a browser gives such a page no WebCrypto."""
    browser = own_browser("--host-resolver-rules=MAP desk.example 127.0.0.1")
    page = browser.open(address.replace("localhost", "desk.example"))
    assert "https" in refused(page)


def test_a_browser_that_is_too_old(own_browser: Any, address: str) -> None:
    page = own_browser().open(address, scripts=("delete globalThis.DecompressionStream",))
    assert "too old: it lacks DecompressionStream" in refused(page)


def test_scripts_turned_off(tmp_path_factory: pytest.TempPathFactory, address: str) -> None:
    from chromium import Chromium

    options = {**PHONE, "javaScriptEnabled": False}
    browser = Chromium(tmp_path_factory.mktemp("still"), options=options)
    page = browser.open(address, settled=False)
    page.wait("document.querySelector('#not_started')?.checkVisibility({visibilityProperty: true})")
    page.wait("document.body.innerText.includes('nothing is predicted')")
    browser.end()


def test_storage_full(own_browser: Any, address: str) -> None:
    """The page says that it is not kept, and works."""
    page = own_browser().open("about:blank", settled=False)
    quota = {"origin": address.rstrip("/"), "quotaSize": 100_000}
    page.browser.do(
        "protocol", page=page.number, method="Storage.overrideQuotaForOrigin", values=quota
    )
    page.browser.do("goto", page=page.number, url=address)
    page.wait("document.body?.dataset.state === 'verified'", seconds=60)
    page.wait("document.querySelector('#offline').textContent !== ''", seconds=30)
    assert "not kept" in page.text("#offline")
    assert page.rows(csv(digits()[0][:1]))[0]["label"] == 0


def test_a_value_beyond_what_was_proven(
    shop: Shop, browser: Any, whole: tuple[dict[str, bytes], Contract]
) -> None:
    files, contract = whole
    inputs = json.loads(files["contract.json"])
    inputs["inputs"][0]["limit"] = 100.0
    limited = files | {"contract.json": json.dumps(inputs).encode()}
    with serving(shop.page(limited, contract)) as url:
        page = browser.open(url)
        assert len(page.rows("1,2,3,100")) == 1
        assert page.rows("1,2,3,-100.00001") == []
        assert "Row 1, column 4" in page.text("#refused_text")
        page.close()


def bad_bundles() -> dict[str, str]:
    """Case to what the page says."""
    return {
        "newer format": "format 2",
        "unknown field": "unknown: surprise",
        "other inputs": "inputs that this page does not serve",
        "text": "counts words",
        "golden": "self-test failed",
        "refused release": "does not predict what was proven",
        "other graph": "not the graph",
        "broken graph": "cannot open the model",
        "not json": "cannot be read",
    }


def spoiled(case: str, artifact: dict[str, bytes]) -> dict[str, bytes]:
    """An artifact that is signed, and is not served."""
    contract = json.loads(artifact["contract.json"])
    golden, graph = artifact["golden.bin"], artifact["model.onnx"]
    if case == "newer format":
        contract["format"] = 2
    elif case == "unknown field":
        contract["surprise"] = 1
    elif case == "other inputs":
        contract["inputs"][0]["dtype"] = "float32"
    elif case == "text":
        contract["texts"] = [
            {
                "input": "X", "analyzer": "word", "ngram_range": [1, 1], "lowercase": True,
                "strip_accents": None, "token_pattern": "\\w+", "stop_words": [],
                "vocabulary": ["a"], "n_features": 0, "alternate_sign": False, "binary": False,
                "unicode": "15.0.0", "characters": [0],
            }
        ]  # fmt: skip
    elif case == "golden":
        place = contract["golden"]["outputs"][0]["offset_bytes"]
        golden = golden[:place] + bytes([golden[place] ^ 1]) + golden[place + 1 :]
    elif case == "refused release":
        contract["runtimes"]["refused"] = ["1.30"]
    elif case == "other graph":
        contract["inputs"][0]["name"] = "Y"
        contract["golden"]["inputs"][0]["name"] = "Y"
    elif case == "broken graph":
        # Plain arithmetic, so it is put into a page; onnxruntime finds the value that is missing.
        model = onnx.load_from_string(graph)
        model.graph.node[0].input[0] = "nowhere"
        graph = model.SerializeToString()
    data = json.dumps(contract).encode()[: -1 if case == "not json" else None]
    return {"contract.json": data, "golden.bin": golden, "model.onnx": graph}


@pytest.fixture(scope="module")
def whole() -> tuple[dict[str, bytes], Contract]:
    from artifact_builder import contract_parts, golden_rows, random_linear

    from edge_infer.contract import write_contract

    model = random_linear(4, range(3))
    contract, golden = contract_parts(model, golden_rows(model))
    files = {
        "contract.json": write_contract(contract), "golden.bin": golden, "model.onnx": model.onnx()
    }  # fmt: skip
    return files, contract


@pytest.mark.parametrize("case", bad_bundles())
def test_a_signed_bundle_that_is_not_served_here(
    shop: Shop, browser: Any, whole: tuple[dict[str, bytes], Contract], case: str
) -> None:
    files, contract = whole
    with serving(shop.page(spoiled(case, files), contract)) as url:
        page = browser.open(url)
        assert bad_bundles()[case] in refused(page)
        page.close()


ROWS = {
    "nothing": ("", "no rows"),
    "blank lines": ("\n\n", "no rows"),
    "one value": ("1", "takes 64"),
    "too few": ("1,2,3", "takes 64"),
    "a word": (",".join(["1"] * 63 + ["many"]), "not a number"),
    "python's underscore": (",".join(["1"] * 63 + ["1_000"]), "not a number"),
    "hexadecimal": (",".join(["1"] * 63 + ["0x10"]), "not a number"),
    "a decimal comma": ("\t".join(["1"] * 63 + ["1,5"]), "not a number"),
    "uneven": (",".join(["1"] * 64) + "\n1,2", "Line 2 has 2 values"),
    "missing": (",".join(["1"] * 63 + [""]), "missing"),
    "nan": (",".join(["1"] * 63 + ["nan"]), "missing"),
    "infinite": (",".join(["1"] * 63 + ["inf"]), "not finite"),
    "semicolons": (";".join(["1"] * 64), "semicolons"),
    "open quote": ('"' + ",".join(["1"] * 64), "quotation mark"),
    "header alone": (",".join(f"p{i}" for i in range(64)), "no rows"),
}


@pytest.mark.parametrize("case", ROWS)
def test_malformed_rows_are_refused_with_their_place(page: Page, case: str) -> None:
    text, said = ROWS[case]
    assert page.rows(text) == []
    assert said in page.text("#refused_text")
    assert not page.shown("#answer")
    assert page.rows(csv(digits()[0][:1]))[0]["label"] == 0


def test_a_table_of_typed_columns(shop: Shop, browser: Any) -> None:
    """Text, missing text, booleans and whole numbers, as the command line reads them."""
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=80),
            "colour": rng.choice(["red", "gr,een", "blau ß"], 80),
            "count": rng.integers(0, 9, 80),
        }
    )
    estimator = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["colour"]),
            (StandardScaler(), ["size", "count"]),
        ),
        LogisticRegression(),
    ).fit(frame, frame["size"] + (frame["colour"] == "red") > 0.5)
    with serving(shop.files(shop.bundle("typed", estimator, frame))) as url:
        page = browser.open(url)
        assert page.state == "verified", page.text("#refused_text")
        found = page.rows(frame[["count", "colour", "size"]].head(20).to_csv(index=False))
        assert [one["label"] for one in found] == estimator.predict(frame.head(20)).tolist()
        assert page.rows("size,colour\n1,red") == []
        assert "Missing: count" in page.text("#refused_text")
        assert page.rows("size,colour,count\n1,red,1.5") == [] or "count" not in frame
        assert page.rows("size, colour, count\n1,red,1") == []  # as Python: spaces are the name's
        page.click("#rows_example")
        assert len(page.ask()) == 1
        page.close()
