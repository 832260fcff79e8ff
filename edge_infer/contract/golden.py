"""`golden.bin`: rows and scikit-learn's answers as plain little-endian tensors.

Each tensor stands at the offset that the contract gives, C-ordered, without header:

    bool     one byte, 0 or 1
    int64    eight bytes, two's complement
    float32  four bytes, IEEE 754
    float64  eight bytes, IEEE 754
    str      for each element a uint32 length in bytes, then that much UTF-8

so that C, JavaScript, MicroPython and Python without numpy read it with a few lines.
Offsets, sizes and shapes are checked against the bytes before anything is read.
"""

from __future__ import annotations

import math
import struct

from edge_infer.contract.schema import Tensor
from edge_infer.errors import BadInput, Incompatible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

ITEM_BYTES = {"bool": 1, "int64": 8, "float32": 4, "float64": 8}
_NUMPY = {"bool": "|b1", "int64": "<i8", "float32": "<f4", "float64": "<f8"}
_ALIGN_BYTES = 8


def write_tensors(
    tensors: Mapping[str, Any], *, start_bytes: int = 0
) -> tuple[tuple[Tensor, ...], bytes]:
    """Lay out arrays one after another, each at a multiple of eight bytes.

    `start_bytes` is where in the file the returned bytes will stand (a multiple of eight), so
    that inputs and outputs may be written by two calls into one file.

    Returns: the descriptions, in the order given, and the bytes.

    Raises:
        BadInput: an array has a dtype that the format lacks.
    """
    if start_bytes % _ALIGN_BYTES:
        raise BadInput(
            "golden.bin starts at an odd place", expected="a multiple of 8", actual=start_bytes
        )
    described = []
    data = bytearray()
    for name, array in tensors.items():
        dtype, content = _encode(name, array)
        offset = start_bytes + len(data)
        described.append(Tensor(name, dtype, tuple(array.shape), offset, len(content)))
        data += content + b"\0" * (-len(content) % _ALIGN_BYTES)
    return tuple(described), bytes(data)


def read_tensors(tensors: Iterable[Tensor], data: bytes) -> dict[str, Any]:
    """Read arrays back; `read_tensors(*write_tensors(a))` equals `a` bit by bit.

    Numbers come as read-only views of `data`, strings as arrays of dtype object.

    Raises:
        Incompatible: a description does not fit the bytes.
    """
    found: dict[str, Any] = {}
    for tensor in tensors:
        if tensor.name in found:
            raise Incompatible(f"golden.bin: tensor {tensor.name!r} is described twice")
        found[tensor.name] = read_tensor(tensor, data)
    return found


def read_tensor(tensor: Tensor, data: bytes) -> Any:
    """Read one array of shape `tensor.shape`.

    Raises:
        Incompatible: its description does not fit the bytes.
    """
    import numpy as np

    content = tensor_bytes(tensor, data)
    if tensor.dtype == "str":
        strings = np.empty(math.prod(tensor.shape), dtype=object)
        strings[:] = decode_strings(tensor, content)
        return _reshape(strings, tensor)
    if tensor.dtype == "bool" and bytes(content).strip(b"\0\1"):
        raise _misfit(tensor, "bytes 0 or 1", "another byte")
    little = np.frombuffer(content, dtype=_NUMPY[tensor.dtype])
    return _reshape(little.astype(little.dtype.newbyteorder("="), copy=False), tensor)


def tensor_bytes(tensor: Tensor, data: bytes) -> memoryview:
    """The bytes of one tensor, its description checked against them. Needs no numpy.

    Raises:
        Incompatible: the description does not fit.
    """
    if tensor.dtype not in _NUMPY and tensor.dtype != "str":
        raise _misfit(tensor, "one of " + ", ".join([*_NUMPY, "str"]), tensor.dtype)
    if any(length < 0 for length in tensor.shape):
        raise _misfit(tensor, "a shape without negative lengths", tensor.shape)
    end_bytes = tensor.offset_bytes + tensor.size_bytes
    if tensor.offset_bytes < 0 or tensor.size_bytes < 0 or end_bytes > len(data):
        place = f"bytes {tensor.offset_bytes} to {end_bytes}"
        raise _misfit(tensor, f"within the {len(data)} bytes of the file", place)
    count = math.prod(tensor.shape)
    if tensor.dtype == "str":
        if tensor.size_bytes < 4 * count:
            raise _misfit(tensor, f"at least {4 * count} bytes", tensor.size_bytes)
    elif tensor.size_bytes != count * ITEM_BYTES[tensor.dtype]:
        raise _misfit(tensor, f"{count * ITEM_BYTES[tensor.dtype]} bytes", tensor.size_bytes)
    return memoryview(data)[tensor.offset_bytes : end_bytes]


def decode_strings(tensor: Tensor, content: memoryview) -> list[str]:
    """The elements of a `str` tensor in C order.

    Raises:
        Incompatible: the lengths do not fill the bytes exactly, or they are not UTF-8.
    """
    strings, at = [], 0
    for _ in range(math.prod(tensor.shape)):
        if at + 4 > len(content):
            raise _misfit(tensor, "one length per element", "the bytes end before")
        (length,) = struct.unpack_from("<I", content, at)
        at += 4 + length
        if at > len(content):
            raise _misfit(tensor, f"at most {len(content)} bytes", at)
        try:
            strings.append(str(content[at - length : at], "utf-8"))
        except UnicodeDecodeError as error:
            raise _misfit(tensor, "UTF-8", error.reason) from None
    if at != len(content):
        raise _misfit(tensor, f"{at} bytes", len(content))
    return strings


def _encode(name: str, array: Any) -> tuple[str, bytes]:
    import numpy as np

    if array.dtype.kind in "OU":
        parts = []
        for value in array.ravel().tolist():
            if not isinstance(value, str):
                raise BadInput(
                    f"golden tensor {name!r} mixes types", expected="str", actual=repr(value)
                )
            encoded = value.encode("utf-8")
            parts.append(struct.pack("<I", len(encoded)) + encoded)
        return "str", b"".join(parts)
    dtype = array.dtype.name
    if dtype not in _NUMPY:
        raise BadInput(
            f"golden tensor {name!r} has a dtype that golden.bin lacks",
            expected=", ".join([*_NUMPY, "str"]),
            actual=dtype,
        )
    return dtype, np.ascontiguousarray(array, dtype=_NUMPY[dtype]).tobytes()


def _reshape(flat: Any, tensor: Tensor) -> Any:
    try:
        return flat.reshape(tensor.shape)
    except ValueError as error:
        raise _misfit(tensor, "a shape that numpy has", error) from None


def _misfit(tensor: Tensor, expected: object, actual: object) -> Incompatible:
    return Incompatible(
        f"golden.bin: tensor {tensor.name!r} does not fit its description",
        expected=expected,
        actual=actual,
        hint="make the artifact again with convert",
    )
