"""What a pickle may say of numpy's dtypes and arrays: what numpy itself writes, and no more.

numpy believes a dtype's pickled flags: one that denies holding objects makes pointers out of the
bytes of a file. It also frees what an array held when the array is given a second state. So the
state is compared with the one that numpy would write, before numpy is given it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edge_infer.errors import Untrusted

_MOST_FIELDS = 64
_ALIGNED = 0x80
"""NPY_ALIGNED_STRUCT of numpy's `ndarraytypes.h`."""
_SIMPLE = "biufcOSU"


def check_dtype_state(target: np.dtype[Any], state: object) -> None:
    """Refuse a state that numpy would not write for a fresh dtype of this type string.

    Raises:
        Untrusted: it lies about size, flags or fields, or it would change a dtype of numpy's own.
    """
    plain = np.dtype(target.str)
    if target is plain or target.names is not None or target.subdtype is not None:
        raise _forged("a dtype", "state for a fresh dtype", repr(target))
    if not isinstance(state, tuple) or len(state) != 8 or type(state[1]) is not str:
        raise _forged("a dtype", "8 values", repr(state)[:200])
    if target.kind == "V":
        expected = _record(target.itemsize, state)
    elif target.kind in _SIMPLE and state[1] in ("|", "<", ">"):
        expected = np.dtype(state[1] + target.str[1:])
    else:
        expected = None
    if expected is None or not _same(_written(expected), state):
        raise _forged("a dtype", "the state that numpy writes", repr(state)[:200])


def check_array_state(target: np.ndarray[Any, Any], state: object) -> None:
    """Refuse a state for an array that has one already, or whose parts contradict each other.

    Raises:
        Untrusted: numpy would not write it.
    """
    if target.shape != (0,) or target.dtype != np.int8:
        raise _forged("an array", "state for a fresh array", f"one of shape {target.shape}")
    fits = (
        isinstance(state, tuple)
        and len(state) in (5, 7)  # of a masked array
        and _is_shape(state[1])
        and isinstance(state[2], np.dtype)
        and isinstance(state[4], list if state[2].hasobject else bytes)
    )
    if not fits:
        raise _forged("an array", "(1, shape, dtype, order, bytes)", type(state).__name__)


def check_from_buffer(arguments: object) -> None:
    """Refuse anything but bytes of its own for `_frombuffer`: a view would outlive its array.

    Raises:
        Untrusted: numpy would not write it.
    """
    fits = (
        isinstance(arguments, tuple)
        and len(arguments) in (4, 5)  # of an array whose axes are in another order
        and type(arguments[0]) in (bytes, bytearray)
        and isinstance(arguments[1], np.dtype)
        and not arguments[1].hasobject
        and _is_shape(arguments[2])
    )
    if not fits:
        raise _forged(
            "an array", "bytes, a dtype without objects, a shape, an order", repr(arguments)[:200]
        )


def check_reconstruct(arguments: object) -> None:
    """Refuse to make an array without its content, but for the empty one that state is given to.

    Raises:
        Untrusted: numpy would not write it; the array would show memory that it does not own.
    """
    if arguments != (np.ndarray, (0,), b"b"):
        raise _forged("an array", "_reconstruct(ndarray, (0,), b'b')", "other arguments")


def _record(itemsize: int, state: tuple[Any, ...]) -> np.dtype[Any] | None:
    """The dtype of the fields that a state tells, None where they hold objects or others."""
    names, fields = state[3], state[4]
    if names is None:
        return np.dtype(f"V{itemsize}")
    if not isinstance(names, tuple) or not isinstance(fields, dict) or len(names) > _MOST_FIELDS:
        return None
    if set(names) != set(fields) or type(state[7]) is not int:
        return None
    for field in fields.values():
        if not (isinstance(field, tuple) and len(field) == 2 and isinstance(field[0], np.dtype)):
            return None
        if field[0].hasobject or field[0].subdtype is not None or field[0].names is not None:
            return None
    described = {
        "names": list(names),
        "formats": [fields[name][0] for name in names],
        "offsets": [fields[name][1] for name in names],
        "itemsize": itemsize,
    }
    try:
        return np.dtype(described, align=bool(state[7] & _ALIGNED))  # type: ignore[call-overload,no-any-return]
    except (ValueError, TypeError, OverflowError):
        return None


def _written(dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """The state that numpy writes of it."""
    written: tuple[Any, ...] = dtype.__reduce__()[2]  # type: ignore[assignment]
    return written


def _same(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    return all(type(x) is type(y) and x == y for x, y in zip(a, b, strict=True))


def _is_shape(value: object) -> bool:
    return isinstance(value, tuple) and all(type(size) is int and size >= 0 for size in value)


def _forged(what: str, expected: str, actual: str) -> Untrusted:
    return Untrusted(
        f"the pickle gives {what} what numpy never writes",
        expected=expected,
        actual=actual,
        hint="do not load this file, and ask whoever signed it",
    )
