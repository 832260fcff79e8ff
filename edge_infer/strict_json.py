"""JSON as two readers cannot read it differently: bounded, no duplicate key, finite numbers."""

from __future__ import annotations

import json
import math
import re

from edge_infer.errors import BadInput

MAX_BYTES = 4 << 20
MAX_DEPTH = 32

# Possessive, and with the closing quote optional: one linear pass even over an endless string.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[\[{}\]]")


def parse_json(data: bytes, *, what: str, max_bytes: int = MAX_BYTES) -> object:
    """Parse JSON of bounded size and nesting, without duplicate keys, NaN or Infinity.

    Raises:
        BadInput: it is too large, too deep, not UTF-8 or not such JSON.
    """
    if len(data) > max_bytes:
        raise BadInput(
            f"{what} is too large", expected=f"at most {max_bytes} bytes", actual=len(data)
        )
    try:
        text = data.decode("utf-8")
        _check_depth(text, what)
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except BadInput:
        raise
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{what} is not strict JSON: {error}") from None


def dump_json(value: object) -> bytes:
    """Write JSON the one way this project writes it: sorted keys, two spaces, UTF-8."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:32]} overflows a double")
    return value


def _check_depth(text: str, what: str) -> None:
    """Before the parser sees it: the parser recurses, and a thread's stack may be small."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise BadInput(f"{what} is nested too deeply", expected=f"at most {MAX_DEPTH} levels")
