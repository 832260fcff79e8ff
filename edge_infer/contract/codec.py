"""JSON to frozen dataclasses and back, strictly: no unknown, missing or mistyped field.

A field with a default may be missing: that is how a format grows without its older files
becoming unreadable, while an older reader refuses what it does not know.

The dataclass is the schema, so a format has one definition. Of its annotations this reads names,
`X | Y`, `tuple[X, ...]` and `dict[str, X]`; `typing` reads more and costs a device 2 MB.
"""

from __future__ import annotations

import math
import sys

from edge_infer.errors import Incompatible
from edge_infer.values import is_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    T = TypeVar("T")

_NONE = type(None)


def decode(cls: type[T], value: object, *, what: str) -> T:
    """Build `cls` from parsed JSON, `what` naming the file in messages.

    Raises:
        Incompatible: a field is missing, unknown or of another type.
    """
    found: T = _decode_dataclass(cls, value, what)
    return found


def encode(value: object) -> object:
    """Turn a dataclass into what `dump_json` takes."""
    if is_value(value) and not isinstance(value, type):
        return {name: encode(getattr(value, name)) for name in type(value).__annotations__}
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return value


class _Hint:
    """An annotation: a class, or `union`, `tuple` or `dict` of others."""

    def __init__(self, kind: Any, *parts: _Hint) -> None:
        self.kind, self.parts = kind, parts
        self.name: str = getattr(kind, "__name__", str(kind))


_FIELDS: dict[type, dict[str, _Hint]] = {}
"""Classes to the hints of their fields, as they were needed."""


def _fields(cls: type) -> dict[str, _Hint]:
    if cls not in _FIELDS:
        known = vars(sys.modules[cls.__module__])
        _FIELDS[cls] = {name: _hint(text, known) for name, text in cls.__annotations__.items()}
    return _FIELDS[cls]


def _hint(text: str, known: dict[str, Any]) -> _Hint:
    options = _split(text, "|")
    if len(options) > 1:
        return _Hint("union", *(_hint(option, known) for option in options))
    name, bracket, inside = text.strip().partition("[")
    if bracket:
        place = {"tuple": 0, "dict": 1}[name]
        parts = _split(inside.rstrip()[:-1], ",")
        return _Hint({"tuple": tuple, "dict": dict}[name], _hint(parts[place], known))
    if name == "None":
        return _Hint(_NONE)
    plain = {"str": str, "int": int, "float": float, "bool": bool}
    return _Hint(plain[name] if name in plain else known[name])


def _split(text: str, mark: str) -> list[str]:
    """At the marks that stand in no brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char == "[") - (char == "]")
        if char == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _decode(hint: _Hint, value: object, where: str) -> Any:
    kind = hint.kind
    if kind == "union":
        return _decode_union(hint.parts, value, where)
    if kind is tuple:
        items = _expect(list, value, where)
        return tuple([_decode(hint.parts[0], x, f"{where}[{i}]") for i, x in enumerate(items)])
    if kind is dict:
        entries = _expect(dict, value, where)
        return {key: _decode(hint.parts[0], x, f"{where}.{key}") for key, x in entries.items()}
    if is_value(kind):
        return _decode_dataclass(kind, value, where)
    if kind is float and isinstance(value, int | float) and type(value) is not bool:
        value = _double(value, where)
    return _expect(kind, value, where)


def _double(value: float, where: str) -> float:
    try:
        double = float(value)
    except OverflowError:
        double = math.inf
    if not math.isfinite(double):
        raise Incompatible(f"{where} overflows a double", expected="a finite number")
    return double


def _decode_union(options: tuple[_Hint, ...], value: object, where: str) -> Any:
    for option in options:
        if type(value) is option.kind:
            return _decode(option, value, where)
    for option in options:
        try:
            return _decode(option, value, where)
        except Incompatible:
            continue
    names = " or ".join(option.name for option in options)
    raise Incompatible(f"{where} has the wrong type", expected=names, actual=type(value).__name__)


def _decode_dataclass(cls: type, value: object, where: str) -> Any:
    found = _expect(dict, value, where)
    hints = _fields(cls)
    required = {name for name in hints if not hasattr(cls, name)}
    unknown, missing = sorted(found.keys() - hints.keys()), sorted(required - found.keys())
    if unknown or missing:
        raise Incompatible(
            f"{where} does not have the fields of {cls.__name__}",
            expected="missing: " + (", ".join(missing) or "none"),
            actual="unknown: " + (", ".join(unknown) or "none"),
            hint="it was made by another version of edge-infer: update the older side",
        )
    return cls(
        **{name: _decode(hints[name], item, f"{where}.{name}") for name, item in found.items()}
    )


def _expect(kind: type, value: object, where: str) -> Any:
    if type(value) is not kind:
        raise Incompatible(
            f"{where} has the wrong type", expected=kind.__name__, actual=type(value).__name__
        )
    return value
