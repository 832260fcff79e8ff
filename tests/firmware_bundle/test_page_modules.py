"""The page's modules beside the Python that they follow: signatures, strict JSON, CSV, numbers."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edge_infer import images
from edge_infer.commands.rows_file import PANDAS_MISSING, number
from edge_infer.contract import read_contract
from edge_infer.errors import BadInput, Incompatible
from edge_infer.strict_json import parse_json
from edge_infer.trust.keys import parse_public_key
from edge_infer.trust.signing import sign_tree

if TYPE_CHECKING:
    from small_bundles import Fleet

PROGRAM = Path(__file__).with_name("page_modules.mjs")
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def modules(**given: Any) -> dict[str, Any]:
    done = subprocess.run(
        ["node", PROGRAM], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_each_byte_of_a_signature_and_of_its_key_flipped_in_turn(fleet: Fleet) -> None:
    """Stricter than Python, which leaves the unsigned hint alone: no flip at all is accepted."""
    files = {"a/b.bin": b"1", "c.txt": b"2"}
    pem = fleet.trust().read_bytes()
    signature = sign_tree(files, key=fleet.key(), name="wärm \x7f")
    said = modules(
        signature=base64.b64encode(signature).decode(), key=base64.b64encode(pem).decode()
    )
    key = parse_public_key(pem)
    assert said["signed"]["fingerprint"] == key.fingerprint
    assert said["signed"]["grouped"] == key.grouped
    assert said["signed"]["subject"] == "wärm \x7f"
    assert set(said["signed"]["digests"]) == set(files)
    assert said["tried"] == len(signature) + len(pem)
    assert said["accepted"] == []


DOCUMENTS = [
    "{}", "[]", "null", "true", "0", "-0", "1.5e3", '"a\\u00e4\\ud83d\\ude00"',
    '{"a": [1, {"b": 2}]}',
    " \n\t[ 1 , 2 ]\r", "9007199254740993", "-123456789012345678901234567890",
    '{"a": 1, "a": 2}', '{"a": {"b": 1, "b": 1}}', "NaN", "Infinity", "-Infinity", "1e999", "01",
    "1.", ".5", "+1", "0x1", "[1,]", "{,}", '{"a" 1}', "'a'", '"\n"', '"\\x"', "[1] 2", "", " ",
    "\ufeff{}", "nul", "[" * 32 + "]" * 32, "[" * 33 + "]" * 33, '{"a":1}}', '"\\ud800"', "[1 2]",
    '{"__proto__": 1, "constructor": 2}', "1E+2", '{"a":tru}', "[true false]",
]  # fmt: skip


def test_json_is_read_where_python_reads_it_and_says_the_same() -> None:
    found = modules(documents=DOCUMENTS)["documents"]
    for text, said in zip(DOCUMENTS, found, strict=True):
        try:
            wanted = parse_json(text.encode("utf-8", "surrogatepass"), what="x")
        except BadInput:
            assert "refused" in said, text
            continue
        assert "value" in said, text
        assert same(json.loads(said["value"]), wanted), text


def same(got: Any, wanted: Any) -> bool:
    """Integers that no double holds come as text."""
    if isinstance(wanted, int) and not isinstance(wanted, bool) and abs(wanted) > 2**53 - 1:
        return bool(got == str(wanted))
    return bool(got == wanted)


@pytest.mark.parametrize("place", ["", "golden", "source", "inputs"])
def test_a_field_that_every_object_of_javascript_has_is_none_of_a_contract(
    fleet: Fleet, place: str
) -> None:
    written = (fleet.bundle() / "artifact" / "contract.json").read_text()
    texts = []
    for name in ("constructor", "toString", "__proto__", "hasOwnProperty"):
        contract = json.loads(written)
        inner = contract[place] if place else contract
        (inner[0] if place == "inputs" else inner)[name] = 1
        texts.append(json.dumps(contract))
        with pytest.raises(Incompatible):
            read_contract(texts[-1].encode())
    assert modules(contracts=[written, *texts])["contracts"] == [
        json.loads(written)["name"],
        *["contract_fields"] * len(texts),
    ]


def test_pictures_are_bounded_as_in_python() -> None:
    sizes = [[1, 1], [4000, 5000], [4000, 5001], [65_535, 305], [65_536, 1], [1, 65_536], [0, 9]]
    found = modules(sizes=sizes)["sizes"]
    assert found == [True, True, "picture_pixels", True, *["picture_pixels"] * 2, "picture_broken"]
    for (width, height), said in zip(sizes, found, strict=True):
        if said is True:
            images._check_size((width, height))
        else:
            with pytest.raises(BadInput):
                images._check_size((width, height))


TABLES = [
    "1,2\n3,4\n", "1,2\r\n3,4", '"a ""b""",c\n1,2', "a,b\n\n1,2\n", '"x\ny",z\n1,2', "1, 2", ",",
    "a", '1,"2",3', 'x"y,2', "\ufeffa,b\n1,2",
    '"x\r\ny",z\r\n1,2\r\n', '"x\ry","\r\n"\r1,2', "a\r\r\nb\n\rc",
]  # fmt: skip


def test_cells_are_those_of_pythons_csv() -> None:
    found = modules(csv=TABLES)["csv"]
    for text, cells in zip(TABLES, found, strict=True):
        reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
        assert cells == [line for line in reader if line], text


CELLS = [
    "1", " 1.5 ", "-2e-3", "+.5", "5.", "1E400", "nan", "NaN", "-inf", "Infinity", "+INF", "", "  ",
    "1_000", "0x10", "1,5", "one", "1e", "e1", "--1", "1 2", "0b1", "infin", "4.9e-324", "0.1",
    "9007199254740993", "1.7976931348623157e308",
]  # fmt: skip


def test_numbers_are_those_that_python_reads() -> None:
    found = modules(numbers=CELLS)["numbers"]
    for cell, said in zip(CELLS, found, strict=True):
        wanted = number(cell)
        if wanted is None:
            assert said == "null", cell
        elif math.isnan(wanted):
            assert said == "NaN", cell
        else:
            assert float(said.replace("Infinity", "inf")) == wanted, cell


def wanted(columns: list[str] | None, width: int, *accepts: str) -> dict[str, Any]:
    """An input of a contract, as the page has it."""
    kind = "str" if "str" in accepts else "float64"
    return {
        "name": str(columns), "dtype": kind, "shape": [None, width], "columns": columns,
        "accepts": accepts, "nan": True, "infinite": False, "limit": None, "missing": "(none)",
    }  # fmt: skip


def test_no_row_is_lost_and_no_text_is_missing_elsewhere() -> None:
    """As on the command line: what pandas reads otherwise is refused, not predicted."""
    plain, named = [wanted(None, 2, "float64")], [wanted(["1", "0"], 2, "float64")]
    table = [wanted(["city"], 1, "str"), wanted(["age"], 1, "float64")]
    cases: list[tuple[str, list[dict[str, Any]], object]] = [
        ("0,1\n3,4\n", plain, "rows_counted"),
        ("0,1\n", plain, [[0, 1]]),
        ("0.0,1\n3,4\n", plain, [[0, 1, 3, 4]]),
        ("0,1\n3,4\n", named, [[4, 3]]),
        ("NA,NA\n3,4\n", plain, "rows_not_a_number"),
        ("a,b\n3,4\n", plain, [[3, 4]]),
        ("city,age\n,1\nRome,2\n", table, [["(none)", "Rome"], [1, 2]]),
        *((f"city,age\n{word},1\n", table, "rows_missing") for word in sorted(PANDAS_MISSING)),
    ]
    found = modules(rows=[(text, inputs) for text, inputs, _ in cases])["rows"]
    assert found == [said for _, _, said in cases]
