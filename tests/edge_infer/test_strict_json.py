from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.errors import BadInput
from edge_infer.strict_json import MAX_DEPTH, dump_json, parse_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=4), inner, max_size=4
        )
    ),
    max_leaves=40,
)


@given(VALUES)
def test_parsing_undoes_dumping(value: Any) -> None:
    assert parse_json(dump_json(value), what="it") == value


@given(VALUES)
def test_brackets_and_quotes_inside_strings_are_no_nesting(value: Any) -> None:
    nested = {json.dumps(value): '[{"\\' * 40}
    assert parse_json(dump_json([nested] * 40), what="it") == [nested] * 40


def test_nesting_ends_at_the_limit() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":[' * (depth // 2) + b"]}" * (depth // 2)

    parse_json(nested(MAX_DEPTH), what="it")
    with pytest.raises(BadInput, match="nested too deeply"):
        parse_json(nested(MAX_DEPTH + 2), what="it")


@pytest.mark.parametrize(
    "text",
    ["", "NaN", "-Infinity", "1e999", "-1e999", "9" * 5000, '{"a":1,"a":1}', '{"a":{"b":1,"b":2}}',
     "'a'", "[1,]", "\ufeff1", "01", '"\t"', "nul", "[" * 2000],
)  # fmt: skip
def test_what_two_readers_could_read_differently_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_json(text.encode(), what="it")


def test_invalid_utf8_is_refused() -> None:
    with pytest.raises(BadInput):
        parse_json(b'"\xff"', what="it")


@pytest.mark.parametrize("unit", [b'\\"', b'"', b'"\\', b'["', b"\\"])
def test_a_megabyte_of_quotes_takes_linear_time(unit: bytes) -> None:
    data = b"[" * 33 + b'"' + unit * ((1 << 20) // len(unit))
    start = time.perf_counter()
    with pytest.raises(BadInput):
        parse_json(data, what="it")
    assert time.perf_counter() - start < 3


HOSTILE = st.recursive(
    st.sampled_from(
        ["1", "-0", "1.5e3", "1e999", "NaN", '"a"', '"\\u00e9\\ud800"', '"\\x"', '"\\\\"', '"\\""',
         "tru", "null", "", " ", "\n", "\x0b", "'", "\\", "[", "]", "{", "}", ",", ":", '"', "\x00"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ",".join(items) + "]")
        | st.lists(inner, max_size=3).map(lambda i: "{" + ",".join(f'"k{x}":{x}' for x in i) + "}")
        | st.lists(inner, max_size=3).map("".join)
    ),
)  # fmt: skip


@given(HOSTILE)
def test_the_scanner_reads_what_json_reads(text: str) -> None:
    from edge_infer import strict_json

    def read(scanner: Any) -> Any:
        own, strict_json._scanner = strict_json._scanner, scanner
        try:
            return repr(parse_json(text.encode("utf-8", "surrogatepass"), what="it"))
        except BadInput:
            return None
        finally:
            strict_json._scanner = own

    assert strict_json._scanner() is not None
    assert read(strict_json._scanner) == read(lambda: None)
