"""What stands on the audit's stack in place of objects, and what is read off an array's wrapper."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from edge_infer.errors import BadInput, Untrusted


@dataclass(frozen=True)
class Named:
    """A global that the pickle names."""

    module: str
    name: str
    position: int


@dataclass
class Built:
    """An object that the pickle would make by calling `callee`."""

    callee: object
    arguments: object
    state: object = None


@dataclass
class Entries:
    """A dictionary of which only the entries with string keys in `KEPT` are known."""

    kept: dict[str, object] = field(default_factory=dict)


class Unknown:
    """Anything whose content does not matter."""


UNKNOWN = Unknown()
MARK = Unknown()
WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
VERSION_KEY = "_sklearn_version"
KEPT = frozenset({"shape", "dtype", "numpy_array_alignment_bytes", VERSION_KEY})


def is_wrapper(target: object) -> bool:
    """Whether the pickle makes a joblib array wrapper here."""
    callee = target.callee if isinstance(target, Built) else None
    return isinstance(callee, Named) and (callee.module, callee.name) == WRAPPER


def array_bytes(state: object, position: int) -> int | None:
    """Raw bytes that follow a wrapper of this state; None when a nested pickle follows instead.

    Raises:
        BadInput: no state that joblib writes.
    """
    if not isinstance(state, Entries):
        raise malformed("an array wrapper has state that joblib never writes", position)
    shape = state.kept.get("shape")
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise malformed("an array wrapper has no shape", position)
    itemsize = _itemsize(state.kept.get("dtype"), position)
    return None if itemsize is None else itemsize * math.prod(shape)


def _itemsize(dtype: object, position: int) -> int | None:
    """Bytes per element of a pickled `numpy.dtype`; None when the elements are objects.

    numpy pickles a dtype as `dtype(code, False, True)` with the state
    `(version, byteorder, subdtype, names, fields, itemsize, alignment, flags, ...)`.
    """
    if not isinstance(dtype, Built) or not isinstance(dtype.callee, Named):
        raise malformed("an array wrapper has no dtype", position)
    code = dtype.arguments[0] if isinstance(dtype.arguments, tuple) else ""
    state = dtype.state
    if dtype.callee.name != "dtype" or not isinstance(state, tuple) or state[2] is not None:
        raise malformed("an array wrapper has a dtype that is not known", position)
    kind, digits = code[:1], code[1:]
    if kind == "O" or (kind == "V" and state[7] & 1):
        return None
    size = state[5] if kind in "SUV" else int(digits)
    if kind not in "biufcSUVmM" or type(size) is not int or size < 0:
        raise malformed("an array wrapper has a dtype that is not known", position)
    return size


def malformed(why: str, position: int) -> BadInput:
    """The error for a stream that cannot be followed."""
    return BadInput(
        f"the pickle cannot be followed: {why}",
        expected="a pickle as joblib.dump or pickle.dump writes it",
        actual=f"byte {position:,}",
        hint="dump the estimator again",
    )


def forged(why: str, position: int) -> Untrusted:
    """The error for a stream that does what no pickler writes."""
    return Untrusted(
        f"the pickle is forged: {why}",
        expected="a pickle as joblib.dump or pickle.dump writes it",
        actual=f"byte {position:,}",
        hint="nothing was executed; do not load this file, and ask whoever signed it",
    )
