"""An expression as C, at a place that the surrounding loops count."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convert.native.ir import INPUT, OUTPUT, Buffer, Call, Literal, Load, Table, Take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert.native.ir import Expression

C_TYPES = {
    "float64": "double",
    "float32": "float",
    "int64": "int64_t",
    "int32": "int32_t",
    "uint8": "unsigned char",
    "bool": "unsigned char",
}
_REALS = ("float64", "float32")
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_COMPARE = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_LOGIC = {"and": "&&", "or": "||"}
_FUNCTIONS = ("exp", "log", "tanh", "pow", "sin", "cos", "sqrt", "floor", "ceil", "rint")


def literal(value: float | int | bool, dtype: str) -> str:
    """A constant that reads back as itself."""
    if dtype == "float64":
        return _real(float(value))
    if dtype == "float32":
        text = _real(float(value))
        return f"(float){text}" if text.startswith(("EDGE", "-EDGE", "(-")) else text + "f"
    if dtype == "int64":
        return "INT64_MIN" if value == -(2**63) else f"INT64_C({int(value)})"
    return str(int(value))


def expression(found: Expression, places: Sequence[str]) -> str:
    """C for the element at `places`, one loop variable or "" per axis."""
    if isinstance(found, Literal):
        return literal(found.value, found.dtype)
    if isinstance(found, Load):
        return f"{array(found.source)}[{_index(found, found.source, found.offset, places)}]"
    if isinstance(found, Take):
        start = _index(found, found.source, found.offset, places)
        at = expression(found.index, places)
        if found.checked:
            at = f"edge_at({at}, {found.length}, &bad)"
        step = "" if found.step == 1 else f"{found.step} * "
        return f"{array(found.source)}[{start} + {step}(size_t){at}]"
    return _call(found, [expression(argument, places) for argument in found.arguments])


def array(source: Buffer | Table) -> str:
    """The C name of a buffer or table."""
    if isinstance(source, Table):
        return source.name
    if source.number == INPUT:
        return "x"
    if source.number >= OUTPUT:
        return f"out{source.number - OUTPUT}"
    return f"b{source.number}"


def index(strides: Sequence[int], offset: int, places: Sequence[str], row: int) -> str:
    """`r * row + offset + Σ stride * place`."""
    terms = [f"r * {row}" if row != 1 else "r"] if row else []
    terms += [
        place if stride == 1 else f"{place} * {stride}"
        for stride, place in zip(strides, places, strict=True)
        if stride and place
    ]
    if offset or not terms:
        terms.append(str(offset))
    return " + ".join(terms)


def _index(found: Load | Take, source: Buffer | Table, offset: int, places: Sequence[str]) -> str:
    row = source.size if isinstance(source, Buffer) else 0
    return index(found.strides, offset, places, row)


def _call(call: Call, a: Sequence[str]) -> str:
    name, dtype = call.function, call.dtype
    of = call.arguments[-1].dtype
    if name in _INFIX:
        if dtype == "int64" or (dtype == "int32" and name in ("div",)):
            return f"edge_{name}_int64({a[0]}, {a[1]})"
        return f"({a[0]} {_INFIX[name]} {a[1]})"
    if name in _COMPARE:
        return f"({a[0]} {_COMPARE[name]} {a[1]})"
    if name in _LOGIC:
        return f"({a[0]} {_LOGIC[name]} {a[1]})"
    if name in _FUNCTIONS:
        return f"edge_{name}({', '.join(a)})"
    if name == "not":
        return f"(!{a[0]})"
    if name == "where":
        return f"({a[0]} ? {a[1]} : {a[2]})"
    if name == "cast":
        return _cast(of, dtype, a[0])
    if name in ("max", "min"):
        kind = dtype if dtype in _REALS else "int64"
        return f"edge_{name}_{kind}({a[0]}, {a[1]})"
    if name == "mod":
        return f"edge_mod_int64({a[0]}, {a[1]})"
    if name == "isnan":
        return f"edge_isnan({a[0]})"
    if name == "isinf":
        return f"(__builtin_fabs({a[0]}) == EDGE_INFINITY)"
    if name == "square":
        return f"edge_square({a[0]})"
    if name in ("neg", "abs", "sign"):
        return _signed(name, dtype, a[0])
    raise AssertionError(name)


def _signed(name: str, dtype: str, a: str) -> str:
    if dtype not in _REALS:
        if name == "neg":
            return f"edge_sub_int64(0, {a})"
        return f"edge_{name}_int64({a})"
    if name == "neg":
        return f"(-{a})"
    if name == "abs":
        return f"__builtin_fabs({a})" if dtype == "float64" else f"(float)__builtin_fabs({a})"
    return f"edge_sign({a})" if dtype == "float64" else f"(float)edge_sign({a})"


def _cast(of: str, to: str, a: str) -> str:
    if to == "bool":
        return f"({a} != 0)"
    if of == "float64" and to == "float32":
        return f"edge_to_float32({a})"
    if of in _REALS and to in ("int64", "int32", "uint8"):
        a = f"edge_to_int64({a})"
    return f"(({C_TYPES[to]}){a})" if to != "int64" or of != "int64" else a


def _real(value: float) -> str:
    if math.isnan(value):
        return "EDGE_NAN"
    if math.isinf(value):
        return "EDGE_INFINITY" if value > 0 else "(-EDGE_INFINITY)"
    if value == int(value) and abs(value) < 1e15:
        text = f"{value:.1f}"
    else:
        text = value.hex()
    return f"({text})" if text.startswith("-") else text
