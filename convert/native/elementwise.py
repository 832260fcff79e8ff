"""Operators that compute each element of their output from one element of each input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.native.ir import Call, Literal
from convert.native.rows import Lowered, Row, common_shape, unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from convert.native.ir import Expression
    from convert.native.reading import Node

    Value = Row | NDArray[Any]

_ONNX_DTYPES = {1: "float32", 2: "uint8", 6: "int32", 7: "int64", 9: "bool", 11: "float64"}
_REALS = ("float64", "float32")
EACH = ("exp",)
"""What is computed for several elements at once, and so stored."""


@dataclass(frozen=True)
class Spec:
    """A scalar function, and the dtype it gives where that is not its input's."""

    function: str
    dtype: str | None = None
    reals_only: bool = False


ELEMENTWISE: Mapping[str, Spec] = {
    "Add": Spec("add"),
    "Sub": Spec("sub"),
    "Mul": Spec("mul"),
    "Div": Spec("div"),
    "Mod": Spec("mod"),
    "Max": Spec("max"),
    "Min": Spec("min"),
    "Sum": Spec("add"),
    "Pow": Spec("pow", reals_only=True),
    "Neg": Spec("neg"),
    "Abs": Spec("abs"),
    "Sign": Spec("sign"),
    "Sqrt": Spec("sqrt", reals_only=True),
    "Exp": Spec("exp", reals_only=True),
    "Log": Spec("log", reals_only=True),
    "Tanh": Spec("tanh", reals_only=True),
    "Sin": Spec("sin", reals_only=True),
    "Cos": Spec("cos", reals_only=True),
    "Floor": Spec("floor", reals_only=True),
    "Ceil": Spec("ceil", reals_only=True),
    "Round": Spec("rint", reals_only=True),
    "Relu": Spec("relu"),
    "Reciprocal": Spec("reciprocal", reals_only=True),
    "Clip": Spec("clip"),
    "Where": Spec("where"),
    "Cast": Spec("cast"),
    "Equal": Spec("eq", "bool"),
    "Less": Spec("lt", "bool"),
    "LessOrEqual": Spec("le", "bool"),
    "Greater": Spec("gt", "bool"),
    "GreaterOrEqual": Spec("ge", "bool"),
    "And": Spec("and", "bool"),
    "Or": Spec("or", "bool"),
    "Xor": Spec("ne", "bool"),
    "Not": Spec("not", "bool"),
    "IsNaN": Spec("isnan", "bool"),
    "IsInf": Spec("isinf", "bool"),
}


def elementwise(
    spec: Spec, lowered: Lowered, node: Node, inputs: Sequence[Value | None]
) -> list[Value]:
    """The output as an expression, not stored yet."""
    given = [value for value in inputs if value is not None]
    shape = common_shape(given)
    operands = [None if value is None else lowered.operand(value, shape) for value in inputs]
    present = [operand for operand in operands if operand is not None]
    dtype = present[-1].dtype
    if spec.reals_only and dtype != "float64":
        raise unsupported(f"{node.op_type} of {dtype}")
    found = Row(shape, _expression(spec, node, operands, present, dtype))
    return [lowered.each(spec.function, found)] if spec.function in EACH else [found]


def _expression(
    spec: Spec,
    node: Node,
    operands: Sequence[Expression | None],
    present: Sequence[Expression],
    dtype: str,
) -> Expression:
    if spec.function in EACH:
        return present[0]
    if spec.function == "cast":
        to = _ONNX_DTYPES.get(int(node.attributes["to"]))
        if to is None:
            raise unsupported("Cast to this type", node.attributes["to"])
        return present[0] if to == dtype else Call("cast", to, tuple(present))
    if spec.function == "clip":
        return _clip(operands, dtype)
    if spec.function == "pow":
        return _power(present)
    if spec.function == "relu":
        zero = 0.0 if dtype in _REALS else 0
        return Call("max", dtype, (present[0], Literal(zero, dtype)))
    if spec.function == "reciprocal":
        return Call("div", dtype, (Literal(1.0, dtype), present[0]))
    if spec.function == "mod" and (node.attributes.get("fmod", 0) or dtype in _REALS):
        raise unsupported("Mod with fmod")
    if spec.function == "isinf" and not (
        node.attributes.get("detect_positive", 1) and node.attributes.get("detect_negative", 1)
    ):
        raise unsupported("IsInf of one sign")
    if node.op_type in ("Max", "Min", "Sum"):
        whole = present[0]
        for operand in present[1:]:
            whole = Call(spec.function, dtype, (whole, operand))
        return whole
    return Call(spec.function, spec.dtype or dtype, tuple(present))


def _clip(operands: Sequence[Expression | None], dtype: str) -> Expression:
    (x, low, high) = (*operands, None, None)[:3]
    assert x is not None
    if low is not None:
        x = Call("max", dtype, (x, low))
    return x if high is None else Call("min", dtype, (x, high))


def _power(present: Sequence[Expression]) -> Expression:
    """x * x and sqrt(x) round once, as an exact power would."""
    base, exponent = present
    if isinstance(exponent, Literal) and exponent.value == 2:
        return Call("square", "float64", (base,))
    if isinstance(exponent, Literal) and np.dtype(exponent.dtype).kind in "iu":
        exponent = Literal(float(exponent.value), "float64")
    elif exponent.dtype != "float64":
        exponent = Call("cast", "float64", (exponent,))
    return Call("pow", "float64", (base, exponent))
