"""From the text of `camera.toml` to a `Config`, or a refusal that names the field."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any, get_type_hints

from edge_infer import BadInput
from examples.camera.config.checks import check
from examples.camera.config.schema import Config, Polygon

if TYPE_CHECKING:
    from pathlib import Path


def read_config(path: Path | None) -> Config:
    """The configuration in a file, or the defaults where there is none.

    Raises:
        BadInput: no such file, not TOML, an unknown field, a value of another type or beyond its
            bounds, or two fields that contradict each other.
    """
    if path is None:
        return Config()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            "cannot read the configuration",
            expected=path,
            actual=error,
            hint="check the path and who may read it",
        ) from error
    return parse_config(text)


def parse_config(text: str) -> Config:
    """The configuration in a text. Raises BadInput as `read_config` does."""
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(
            "the configuration is no TOML",
            actual=error,
            hint="mend that line; camera.toml shows how it is written",
        ) from error
    known = get_type_hints(Config)
    _refuse_unknown("", tables, known)
    config = Config(**{name: _table(name, known[name], tables[name]) for name in tables})
    check(config)
    return config


def _table(name: str, kind: Any, values: Any) -> Any:
    if not isinstance(values, dict):
        raise BadInput(
            f"{name} is no table",
            expected=f"[{name}]",
            actual=repr(values),
            hint="write the fields below a line with the table's name in brackets",
        )
    hints = get_type_hints(kind)
    _refuse_unknown(f"{name}.", values, {f.name: f for f in fields(kind)})
    return kind(**{key: _value(f"{name}.{key}", hints[key], v) for key, v in values.items()})


def _refuse_unknown(where: str, given: dict[str, Any], known: dict[str, Any]) -> None:
    for key in given:
        if key not in known:
            raise BadInput(
                f"unknown field {where}{key}",
                expected=", ".join(known),
                actual=key,
                hint="take one of these, or leave it out",
            )


def _value(field: str, kind: Any, value: Any) -> Any:
    """A value of a field's type: whole numbers serve as numbers, and nothing else is bent."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in (float, float | None) and is_number:
        # A whole number beyond every float is beyond every bound, too.
        return float(value) if abs(value) < 1e300 else inf
    if kind is int and is_number and isinstance(value, int):
        return value
    _refuse_nul(field, value)
    if kind in (bool, str) and type(value) is kind:
        return value
    if kind == tuple[str, ...] and _is_list(value, str):
        return tuple(value)
    if kind == tuple[Polygon, ...] and isinstance(value, list):
        return tuple(_polygon(f"{field}[{i}]", corners) for i, corners in enumerate(value))
    raise BadInput(
        f"{field} has another type",
        expected=_name(kind),
        actual=repr(value),
        hint="write it as camera.toml does",
    )


def _refuse_nul(field: str, value: Any) -> None:
    """No file, host or command can have such a name."""
    texts = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
    if any("\0" in text for text in texts):
        raise BadInput(
            f"{field} holds a NUL",
            expected="text without the character \\u0000",
            actual=repr(value),
            hint="leave that character out",
        )


def _polygon(field: str, corners: Any) -> Polygon:
    pairs = isinstance(corners, list) and all(
        isinstance(c, list)
        and len(c) == 2
        and all(isinstance(v, int | float) and 0 <= v <= 1 for v in c)
        for c in corners
    )
    if not pairs or len(corners) < 3 or _on_a_line(corners):
        raise BadInput(
            f"{field} is no polygon",
            expected="at least three corners [x, y], each from 0 to 1, not on one line",
            actual=repr(corners),
            hint="give corners as shares of the width and the height",
        )
    return tuple((float(x), float(y)) for x, y in corners)


def _on_a_line(corners: list[list[float]]) -> bool:
    """Whether nothing lies within the corners, so that a zone of them would silence everything."""
    (x0, y0), *others = corners
    return all(
        abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)) < 1e-9
        for (x1, y1), (x2, y2) in pairwise(others)
    )


def _is_list(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(one, kind) for one in value)


def _name(kind: Any) -> str:
    names = {float: "a number", int: "a whole number", bool: "true or false", str: "text"}
    return names.get(kind, "a list" if kind != float | None else "a number")
