"""An ONNX file as hostile input: protobuf's wire format within bounds, nothing built from it.

A repeated number in an attribute is passed over by a regular expression, as a forest has a
million of them. Source: https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import re

from edge_infer.engines.onnx_messages import (
    BYTES,
    FIXED32,
    KNOWN_REFUSED,
    MESSAGES,
    VARINT,
    Field,
)

MAX_FIELDS = 200_000
"""Beside the numbers of attributes: a bound on the time that reading takes."""

_NUMBERS = {
    # Runs of field 8 as varints of at most ten bytes, shorter ones first for speed, and of
    # field 7 as four bytes each. A possessive repetition holds no other one, which Python before
    # 3.11.5 gets wrong (gh-106052); where lengths alternate a bound keeps what is remembered small.
    0x40: re.compile(
        rb"(?:(?:\x40[\x00-\x7f])*+(?:\x40[\x80-\xff][\x00-\x7f])*+"
        rb"(?:\x40[\x80-\xff][\x80-\xff][\x00-\x7f])*+"
        rb"(?:\x40[\x80-\xff]{3,9}[\x00-\x7f])?){1,1024}"
    ),
    0x3D: re.compile(rb"(?:\x3d[\x00-\xff][\x00-\xff][\x00-\xff][\x00-\xff])++"),
}


class Malformed(ValueError):
    """Not a file of these messages; the text says what was seen."""


class Message:
    """The fields that were there: numbers, bytes as they lie in the file, and messages."""

    __slots__ = ("contents", "messages", "numbers")

    def __init__(self) -> None:
        self.numbers: dict[str, list[int]] = {}
        self.contents: dict[str, list[memoryview]] = {}
        self.messages: dict[str, list[Message]] = {}

    def number(self, name: str) -> int:
        """A singular number; 0 where it is missing, as in protobuf."""
        return self.numbers.get(name, [0])[0]

    def text(self, name: str) -> str:
        """Singular bytes as ASCII; no name that is allowed has other characters."""
        found = self.contents.get(name)
        return bytes(found[0]).decode("ascii", "backslashreplace") if found else ""

    def each(self, name: str) -> list[Message]:
        """The messages of a field, in order."""
        return self.messages.get(name, [])


def read_model(data: bytes) -> Message:
    """Parse a whole file; bytes stay where they are.

    Raises:
        Malformed: it is no ONNX file, is cut, or has a field that plain arithmetic lacks.
    """
    return _Reader(data).message("model", 0, len(data))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.view = memoryview(data)
        self.left = MAX_FIELDS

    def message(self, kind: str, at: int, end: int) -> Message:
        """The message of `kind` between two offsets."""
        fields, found, data = MESSAGES[kind], Message(), self.data
        numbers_of = _NUMBERS if kind == "attribute" else {}
        while at < end:
            run = numbers_of.get(data[at])
            if run is not None:
                at = self.numbers(run, at, end)
                continue
            self.left -= 1
            if self.left < 0:
                raise Malformed(f"it has more than {MAX_FIELDS:,} fields")
            key, at = self.varint(at, end)
            name, part, many = self.known(kind, key >> 3, fields)
            if (BYTES if isinstance(part, str) else part) != key & 7:
                raise Malformed(f"{kind}.{name} has wire type {key & 7}")
            if part == VARINT:
                number, at = self.varint(at, end)
                group: list[object] = found.numbers.setdefault(name, [])  # type: ignore[assignment]
                group.append(number)
            elif part == FIXED32:
                group, at = [], at + 4
            else:
                size, at = self.varint(at, end)
                if size > end - at:
                    raise Malformed(f"{kind}.{name} ends behind what contains it")
                if isinstance(part, str):
                    group = found.messages.setdefault(name, [])  # type: ignore[assignment]
                    group.append(self.message(part, at, at + size))
                else:
                    group = found.contents.setdefault(name, [])  # type: ignore[assignment]
                    group.append(self.view[at : at + size])
                at += size
            if not many and len(group) > 1:
                raise Malformed(f"{kind}.{name} stands twice")
        if at != end:
            raise Malformed(f"a {kind} ends behind what contains it")
        return found

    def known(self, kind: str, number: int, fields: dict[int, Field]) -> Field:
        """The table's entry."""
        entry = fields.get(number)
        if entry is None:
            raise Malformed(
                f"a {kind} has {KNOWN_REFUSED.get((kind, number), f'the unknown field {number}')}"
            )
        return entry

    def numbers(self, run: re.Pattern[bytes], at: int, end: int) -> int:
        """Pass over repeated numbers; where they end."""
        match = run.match(self.data, at, end)
        if match is None or match.end() == at:
            raise Malformed("a number in an attribute is cut or too long")
        return match.end()

    def varint(self, at: int, end: int) -> tuple[int, int]:
        """A number of at most ten bytes, and where it ends."""
        value = shift = 0
        while at < end:
            byte = self.data[at]
            value |= (byte & 0x7F) << shift
            at += 1
            if byte < 0x80:
                return value, at
            shift += 7
            if shift > 63:
                break
        raise Malformed("a number is cut or too long")
