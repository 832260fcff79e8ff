"""HTML that is escaped by construction: text stays text unless it is `Markup` already."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

VOID = frozenset({"br", "meta", "link", "hr"})


class Markup(str):
    """A piece of HTML or SVG; only this module makes it of text."""

    __slots__ = ()


Content = str | Markup | int


def tag(name: str, /, *content: Content, **attributes: str | float | None) -> Markup:
    """An element; `class_` is the attribute `class`, and `_` in a name becomes `-`."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(content)}</{name}>")


def joined(content: Sequence[Content]) -> Markup:
    """Pieces side by side, those that are no `Markup` escaped."""
    return Markup("".join(p if isinstance(p, Markup) else escaped(str(p)) for p in content))


def escaped(text: str) -> str:
    """Text for an element or a quoted attribute, without control or direction characters."""
    shown = "".join(
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
    return escape(shown, quote=True)


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
