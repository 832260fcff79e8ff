"""JSON as two readers cannot read it differently: bounded, no duplicate key, finite numbers.

Parsed by the scanner in C that `json` itself uses, where it is to be had: importing `json` brings
`re` and `enum` along, 1.3 MB of a device's memory and a tenth of a small model's start.
"""

from __future__ import annotations

import math

from edge_infer.errors import BadInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_BYTES = 4 << 20
MAX_DEPTH = 32

_BLANKS = " \t\n\r"
_BRACKETS = b"[]{}"
_NO_BRACKETS = bytes(sorted(set(range(256)) - set(_BRACKETS)))


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
        _check_depth(data, what)
        return _parse(text)
    except BadInput:
        raise
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{what} is not strict JSON: {error}") from None


def dump_json(value: object) -> bytes:
    """Write JSON the one way this project writes it: sorted keys, two spaces, UTF-8."""
    import json

    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8")


def _parse(text: str) -> object:
    """`json.loads` with the hooks below."""
    scan = _scanner()
    if scan is None:
        import json

        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
        )
    start = len(text) - len(text.lstrip(_BLANKS))
    try:
        value, end = scan(text, start)
    except StopIteration as stop:
        raise ValueError(f"Expecting value: char {stop.value}") from None
    if text[end:].lstrip(_BLANKS):
        raise ValueError(f"Extra data: char {end}")
    return value


def _scanner() -> Any:
    """What `json.JSONDecoder` calls, of the context that it would give; None without CPython's."""
    try:
        from _json import make_scanner
    except ImportError:
        return None
    return make_scanner(_Context)  # type: ignore[arg-type]  # the stub names its own attributes


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


class _Context:
    """The attributes of a `json.JSONDecoder` that the scanner reads."""

    strict = True
    object_hook = None
    object_pairs_hook = staticmethod(_unique)
    parse_float = staticmethod(_finite)
    parse_int = int
    parse_constant = staticmethod(_no_constant)


def _check_depth(data: bytes, what: str) -> None:
    """Before the parser sees it: the parser recurses, and a thread's stack may be small.

    Where the quotes do not pair up, the parser ends at the first that does not, no deeper than
    what stands before it.
    """
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    plain = data.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in data else data
    outside = b"".join(plain.split(b'"')[::2])
    depth = 0
    for bracket in outside.translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise BadInput(f"{what} is nested too deeply", expected=f"at most {MAX_DEPTH} levels")
