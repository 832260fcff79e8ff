"""A pickle machine that executes nothing: it follows the opcodes with symbols for objects.

It is needed because joblib writes an array's raw bytes into the middle of the stream, after
the opcode that completes its wrapper: whoever does not know the wrapper's shape and dtype
takes the bytes for opcodes. It therefore keeps strings, numbers, small tuples and the few
dictionary entries that describe arrays, and forgets everything else.
Opcodes that scikit-learn's pickles do not contain are refused (an allow-list).
"""

from __future__ import annotations

import io
import pickletools
from typing import TYPE_CHECKING, Any

from convert.unpickle.symbols import (
    KEPT,
    MARK,
    UNKNOWN,
    VERSION_KEY,
    Built,
    Entries,
    Named,
    array_bytes,
    forged,
    is_wrapper,
    malformed,
)
from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TUPLE = 64
"""Longer tuples describe no array."""

CONSTANTS = frozenset(
    {"BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"}
    | {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
    | {"SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)


class Machine:
    """Follows one stream. `named` and `versions` fill as `run` advances."""

    def __init__(self, stream: io.BytesIO, *, size: int, nested: bool = False) -> None:
        self.stream = stream
        self.size = size
        self.nested = nested
        self.named: list[Named] = []
        self.versions: list[str] = []
        self.wrappers = 0
        self.protocol = 0
        """0 until the stream says its protocol."""
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._frame_end = 0

    def run(self) -> Iterator[int]:
        """Follow the stream to its STOP, yielding positions on the way.

        Raises:
            BadInput: not a well-formed pickle of protocol 3 to 5 as joblib or pickle writes it.
        """
        try:
            for count, (opcode, argument, position) in enumerate(pickletools.genops(self.stream)):
                self._step(opcode.name, argument, position or 0)
                if count % 65536 == 0:
                    yield self.stream.tell()
        except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, BadInput):
                raise
            raise malformed(f"{type(error).__name__}: {error}", self.stream.tell()) from None

    def _step(self, opcode: str, argument: Any, position: int) -> None:
        if self.protocol == 0 and opcode != "PROTO":
            raise _old_protocol("0 or 1, which do not say so")
        if opcode in CONSTANTS:
            self._stack.append(argument)
        elif not (
            self._step_memo(opcode, argument)
            or self._step_container(opcode)
            or self._step_object(opcode, argument, position)
            or self._step_stream(opcode, argument, position)
        ):
            raise malformed(f"opcode {opcode} has no place in a scikit-learn pickle", position)

    def _step_memo(self, opcode: str, argument: Any) -> bool:
        match opcode:
            case "MEMOIZE":
                self._memo[len(self._memo)] = self._stack[-1]
            case "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = self._stack[-1]
            case "BINGET" | "LONG_BINGET":
                self._stack.append(self._memo[argument])
            case "DUP":
                self._stack.append(self._stack[-1])
            case "POP":
                self._stack.pop()
            case "POP_MARK":
                self._to_mark()
            case _:
                return False
        return True

    def _step_container(self, opcode: str) -> bool:
        match opcode:
            case "MARK":
                self._stack.append(MARK)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                self._stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[opcode])
            case "EMPTY_LIST" | "EMPTY_SET":
                self._stack.append(UNKNOWN)
            case "LIST" | "FROZENSET":
                self._to_mark()
                self._stack.append(UNKNOWN)
            case "APPEND":
                self._pop(1)
            case "APPENDS" | "ADDITEMS":
                self._to_mark()
            case "EMPTY_TUPLE":
                self._stack.append(())
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                self._stack.append(tuple(self._pop(int(opcode[-1]))))
            case "TUPLE":
                items = self._to_mark()
                self._stack.append(tuple(items) if len(items) <= MAX_TUPLE else UNKNOWN)
            case "EMPTY_DICT":
                self._stack.append(Entries())
            case "DICT":
                items = self._to_mark()
                self._stack.append(Entries())
                self._set_items(items)
            case "SETITEM":
                self._set_items(self._pop(2))
            case "SETITEMS":
                self._set_items(self._to_mark())
            case _:
                return False
        return True

    def _step_object(self, opcode: str, argument: Any, position: int) -> bool:
        match opcode:
            case "GLOBAL":
                module, _, name = argument.partition(" ")
                self._name(module, name, position)
            case "STACK_GLOBAL":
                module, name = self._pop(2)
                self._name(module, name, position)
            case "REDUCE" | "NEWOBJ":
                callee, arguments = self._pop(2)
                self._call(callee, arguments, position)
            case "NEWOBJ_EX":
                callee, arguments, _ = self._pop(3)
                self._call(callee, arguments, position)
            case "BUILD":
                target, state = self._pop(2)
                self._build(target, state, position)
            case _:
                return False
        return True

    def _step_stream(self, opcode: str, argument: Any, position: int) -> bool:
        match opcode:
            case "PROTO":
                if not 3 <= argument <= 5:
                    raise _old_protocol(argument)
                self.protocol = argument
            case "FRAME":
                if self.stream.tell() < self._frame_end:
                    raise malformed("a frame begins within a frame", position)
                self._frame_end = self.stream.tell() + argument
            case "STOP":
                pass
            case _:
                return False
        return True

    def _to_mark(self) -> list[Any]:
        items: list[Any] = []
        while (item := self._stack.pop()) is not MARK:
            items.append(item)
        items.reverse()
        return items

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str) or key not in KEPT:
                continue
            if isinstance(target, Entries):
                target.kept[key] = value
            if key == VERSION_KEY and isinstance(value, str):
                self.versions.append(value)

    def _pop(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise IndexError("the stack is empty")
        items = self._stack[-count:]
        del self._stack[-count:]
        return items

    def _name(self, module: object, name: object, position: int) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise forged("it computes the name of a global", position)
        named = Named(module, name, position)
        self.named.append(named)
        self._stack.append(named)

    def _call(self, callee: object, arguments: object, position: int) -> None:
        if not isinstance(callee, Named):
            raise forged("it calls an object that it built itself", position)
        self._stack.append(Built(callee, arguments))

    def _build(self, target: object, state: object, position: int) -> None:
        if isinstance(target, Named):
            raise forged(f"it rewrites {target.module} {target.name}", position)
        if isinstance(target, Built):
            target.state = state
        if is_wrapper(target):
            self._pass_array(state, position)
            target = UNKNOWN
        self._stack.append(target)

    def _pass_array(self, state: object, position: int) -> None:
        """Pass over the raw bytes, or follow the nested pickle, behind a wrapper."""
        if self.nested:
            raise malformed("an object array's pickle holds another array wrapper", position)
        if self.stream.tell() < self._frame_end:
            raise malformed("an array begins within a frame", position)
        self.wrappers += 1
        count = array_bytes(state, position)
        if count is None:
            inner = Machine(self.stream, size=self.size, nested=True)
            for _ in inner.run():
                pass
            self.named += inner.named
            self.versions += inner.versions
            return
        assert isinstance(state, Entries)
        if state.kept.get("numpy_array_alignment_bytes") is not None:
            self._skip(int.from_bytes(self.stream.read(1), "little"), position)
        self._skip(count, position)

    def _skip(self, count: int, position: int) -> None:
        if count > self.size - self.stream.tell():
            raise malformed("an array is longer than the file", position)
        self.stream.seek(count, io.SEEK_CUR)


def _old_protocol(actual: object) -> BadInput:
    return BadInput(
        "the pickle has a protocol that is not read",
        expected="protocol 3 to 5",
        actual=f"protocol {actual}",
        hint="dump it again with joblib.dump or pickle.dump and their default protocol",
    )
