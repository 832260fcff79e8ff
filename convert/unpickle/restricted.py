"""An unpickler that can name what it is given, and nothing else. It imports nothing.

Built on joblib's, so that it reads what `joblib.dump` writes: arrays whose raw bytes follow
in the stream, and arrays of objects as a pickle within the pickle, under the same rule.
This limits damage by whoever holds a trusted key; it is no sandbox.
"""

from __future__ import annotations

import pickle
import types
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler

from convert.unpickle.arrays import (
    check_array_state,
    check_dtype_state,
    check_from_buffer,
    check_reconstruct,
)
from convert.unpickle.structures import check_built, check_state
from edge_infer.errors import BadInput, Untrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convert.unpickle.allowlist import Pair

_CODE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, np.ufunc)
_WRAPPER_STATE = {
    "subclass": type,
    "shape": tuple,
    "order": str,
    "dtype": np.dtype,
    "allow_mmap": bool,
}


def refused_global(module: str, name: str) -> Untrusted:
    """The error for a global outside the list."""
    return Untrusted(
        "the pickle names code that a scikit-learn pickle does not need",
        expected="the exact names of convert/unpickle/allowlist.txt",
        actual=f"{module} {name}",
        hint="it was not imported; do not load this file, and ask whoever signed it",
    )


class RestrictedUnpickler(NumpyUnpickler):  # type: ignore[misc]
    """Reads one pickle of joblib or pickle, protocol 3 to 5, naming only `allowed`."""

    dispatch: dict[int, Callable[..., None]] = NumpyUnpickler.dispatch.copy()

    def __init__(self, stream: BinaryIO, allowed: Mapping[Pair, object]) -> None:
        super().__init__("", stream, ensure_native_byte_order=True)
        self._allowed = allowed
        self._named: dict[int, object] = {}

    def find_class(self, module: str, name: str) -> object:
        """The object of this exact pair.

        Raises:
            Untrusted: the pair is not listed, or the name is dotted.
        """
        if "." in name:
            raise refused_global(module, name)
        try:
            found = self._allowed[module, name]
        except KeyError:
            raise refused_global(module, name) from None
        self._named[id(found)] = found
        return found

    def load_reduce(self) -> None:
        """Call what the pickle named; never an object that it built."""
        callee, arguments = self.stack[-2:]
        self._check_named(callee)
        name = getattr(callee, "__name__", "")
        if name == "_frombuffer":
            check_from_buffer(arguments)
        elif name == "_reconstruct":
            check_reconstruct(arguments)
        super().load_reduce()

    dispatch[pickle.REDUCE[0]] = load_reduce

    def load_newobj(self) -> None:
        """Make an instance of a class that the pickle named."""
        self._check_named(self.stack[-2])
        super().load_newobj()

    dispatch[pickle.NEWOBJ[0]] = load_newobj

    def load_newobj_ex(self) -> None:
        """Make an instance of a class that the pickle named."""
        self._check_named(self.stack[-3])
        super().load_newobj_ex()

    dispatch[pickle.NEWOBJ_EX[0]] = load_newobj_ex

    def load_build(self) -> None:
        """Set an object's state; the state of code stays as it is.

        The BUILD opcode on a class would replace its methods for the whole process.
        """
        stack: list[Any] = self.stack
        target, state = stack[-2], stack[-1]
        if isinstance(target, _CODE):
            raise Untrusted(
                "the pickle rewrites code",
                expected="state for an object",
                actual=f"state for {getattr(target, '__name__', target)!r}",
            )
        if not isinstance(target, NumpyArrayWrapper):
            if isinstance(target, np.dtype):
                check_dtype_state(target, state)
            elif isinstance(target, np.ndarray):
                check_array_state(target, state)
            check_state(target, state)
            super().load_build()
            check_built(target)
            return
        _check_wrapper_state(state)
        if state["dtype"].hasobject:
            stack[-2:] = [_Nested(self.file_handle, self._allowed).load()]
        else:
            super().load_build()

    dispatch[pickle.BUILD[0]] = load_build

    def _check_named(self, callee: object) -> None:
        if self._named.get(id(callee)) is not callee:
            raise Untrusted(
                "the pickle calls an object that it built itself",
                expected="a class or function named in the pickle",
                actual=type(callee).__name__,
            )


class _Nested(RestrictedUnpickler):
    """The pickle of an object array within a joblib pickle; itself it nests nothing."""

    dispatch = RestrictedUnpickler.dispatch.copy()

    def load_build(self) -> None:
        """As above, but an array wrapper in here is a forgery."""
        if isinstance(self.stack[-2], NumpyArrayWrapper):
            raise BadInput("an object array's pickle holds another array wrapper")
        super().load_build()

    dispatch[pickle.BUILD[0]] = load_build


def _check_wrapper_state(state: object) -> None:
    """Refuse state beyond what joblib writes: a `read` among it would be called."""
    if not isinstance(state, dict):
        raise Untrusted("the pickle gives an array wrapper state that joblib never writes")
    found = dict(state)
    alignment = found.pop("numpy_array_alignment_bytes", None)
    fits = found.keys() == _WRAPPER_STATE.keys() and all(
        isinstance(found[field], kind) for field, kind in _WRAPPER_STATE.items()
    )
    if not fits or found["subclass"] is not np.ndarray or alignment not in (None, 16):
        raise Untrusted(
            "the pickle gives an array wrapper state that joblib never writes",
            expected=", ".join(_WRAPPER_STATE),
            actual=", ".join(map(str, state)),
        )
