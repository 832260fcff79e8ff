"""JSON to frozen dataclasses and back, strictly: no unknown, missing or mistyped field.

A field with a default may be missing: that is how a format grows without its older files
becoming unreadable, while an older reader refuses what it does not know.

The dataclass is the schema, so a format has one definition.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing

from edge_infer.errors import Incompatible

T = typing.TypeVar("T")


def decode(cls: type[T], value: object, *, what: str) -> T:
    """Build `cls` from parsed JSON, `what` naming the file in messages.

    Raises:
        Incompatible: a field is missing, unknown or of another type.
    """
    return typing.cast("T", _decode(cls, value, what))


def encode(value: object) -> object:
    """Turn a dataclass into what `dump_json` takes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return value


def _decode(hint: typing.Any, value: object, where: str) -> object:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(hint), value, where)
    if origin is tuple:
        items = _expect(list, value, where)
        item_type = typing.get_args(hint)[0]
        return tuple(_decode(item_type, item, f"{where}[{i}]") for i, item in enumerate(items))
    if origin is dict:
        entries = _expect(dict, value, where)
        value_type = typing.get_args(hint)[1]
        return {key: _decode(value_type, item, f"{where}.{key}") for key, item in entries.items()}
    if dataclasses.is_dataclass(hint):
        return _decode_dataclass(typing.cast("type", hint), value, where)
    if hint is float and isinstance(value, int | float) and type(value) is not bool:
        value = _double(value, where)
    if hint is type(None):
        hint = types.NoneType
    return _expect(hint, value, where)


def _double(value: float, where: str) -> float:
    try:
        double = float(value)
    except OverflowError:
        double = math.inf
    if not math.isfinite(double):
        raise Incompatible(f"{where} overflows a double", expected="a finite number")
    return double


def _decode_union(options: tuple[typing.Any, ...], value: object, where: str) -> object:
    for option in options:
        if type(value) is option:
            return _decode(option, value, where)
    for option in options:
        try:
            return _decode(option, value, where)
        except Incompatible:
            continue
    names = " or ".join(getattr(option, "__name__", str(option)) for option in options)
    raise Incompatible(f"{where} has the wrong type", expected=names, actual=type(value).__name__)


def _decode_dataclass(cls: type, value: object, where: str) -> object:
    found = _expect(dict, value, where)
    hints = typing.get_type_hints(cls)
    required = {f.name for f in dataclasses.fields(cls) if f.default is dataclasses.MISSING}
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


def _expect(kind: typing.Any, value: object, where: str) -> typing.Any:
    if type(value) is not kind:
        raise Incompatible(
            f"{where} has the wrong type", expected=kind.__name__, actual=type(value).__name__
        )
    return value
