"""The shape of a payload: what kinds of bytes, and of DNS how long and how mixed the names are.

No word is searched for. Encryption hides content, not shape, and a signature is another tool's
work (Suricata); these numbers are what any text, cipher or tunnel has.
"""

from __future__ import annotations

import struct
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

MOST_BYTES = 512
"""Of a payload are looked at; for what kinds of bytes it has, the first `KINDS_BYTES`."""

KINDS_BYTES = 128

_TEXT = bytes([9, 10, 13, *range(32, 127)])
_CODE = b"\"'`$|;<>(){}[]\\^"
_RARE = b"'`$|<>{}\\^~"
"""Bytes that mean something to a shell, to SQL, to a template or to markup; and those of them that
names of browsers, cookies and types of content do not have. No `%`: ordinary addresses are full of
what is escaped by it, so that what counts is what it stands for."""

_dns_header = struct.Struct(">HHHHH").unpack_from
_LETTERS = bytes(range(65, 91)) + bytes(range(97, 123))
DNS_HEADER_BYTES = 12
LONGEST_NAME = 255


class Shape(NamedTuple):
    """Of the first bytes of one payload."""

    text_share: float
    distinct_share: float
    code_target: float
    meta_rest: float


NO_SHAPE = Shape(0.0, 0.0, 0.0, 0.0)


def bytes_of(payload: bytes) -> Shape:
    """Shares of text and of different byte values, 0 to 1."""
    head = payload[:KINDS_BYTES]
    size = len(head)
    if not size:
        return NO_SHAPE
    text = (size - len(head.translate(None, _TEXT))) / size
    return Shape(text, len(set(head)) / size, 0.0, 0.0)


def shape_of(payload: bytes) -> Shape:
    """As `bytes_of`, and the code in a request.

    A request is text whose first line ends in a protocol and its version, as HTTP's and SIP's do.
    `code_target` counts the characters of code in that line, whether they are escaped (RFC 3986,
    2.1: `%27` is a quote) or not, `meta_rest` the rarer of them behind it.
    """
    shape = bytes_of(payload)
    if shape[0] < 0.95:
        return shape
    line, _, rest = payload[:MOST_BYTES].partition(b"\n")
    version = line.rpartition(b" ")[2]
    if not (version[:1].isalpha() and b"/" in version[1:6]):
        return shape
    line = unquote_to_bytes(line)
    target = len(line) - len(line.translate(None, _CODE))
    behind = len(rest) - len(rest.translate(None, _RARE))
    return Shape(shape[0], shape[1], float(target), float(behind))


class Query(NamedTuple):
    """What is seen of a DNS message, on whatever port."""

    is_answer: bool
    failed: bool
    name: bytes
    other_share: float
    """Characters of the name that are no letters (the dots aside), 0 to 1."""

    distinct: int
    """Different characters in the name's longest label."""


def dns_of(payload: bytes) -> Query | None:
    """The question of a DNS message (RFC 1035), None where it is none.

    The message must have one question with a name of printable or binary labels that ends within
    the payload; opcode, the reserved bit and the counts must be a query's or an answer's.
    """
    size = len(payload)
    if size < DNS_HEADER_BYTES + 5:
        return None
    _, flags, questions, answers, authorities = _dns_header(payload)
    if questions != 1 or flags & 0x7840 or answers > 64 or authorities > 64:
        return None
    if not flags & 0x8000 and answers:
        return None
    at, longest = DNS_HEADER_BYTES, b""
    while True:
        if at >= size:
            return None
        length = payload[at]
        if not length:
            break
        if length > 63 or at + 1 + length >= size:
            return None
        if length > len(longest):
            longest = payload[at + 1 : at + 1 + length]
        at += 1 + length
    if at + 5 > size or at - DNS_HEADER_BYTES > LONGEST_NAME:
        return None
    if flags & 0x8000:
        return Query(True, bool(flags & 15), b"", 0.0, 0)
    name = payload[DNS_HEADER_BYTES + 1 : at]
    letters = len(longest) - len(longest.translate(None, _LETTERS))
    other = 1.0 - letters / len(longest) if longest else 0.0
    return Query(False, False, name, other, len(set(longest)))


def dns_over_tcp(payload: bytes) -> Query | None:
    """As `dns_of`, behind the length that DNS over TCP puts first (RFC 7766)."""
    if len(payload) < 14 or not 17 <= payload[0] << 8 | payload[1] <= 65535:
        return None
    return dns_of(payload[2:])
