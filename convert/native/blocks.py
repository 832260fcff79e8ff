"""The C function that answers a block of rows: one body, compiled for each width of register.

    body_<verb>     the loops, inlined into the two below
    wide_<verb>     for processors with wider registers (runtime/registers.c), the same operations
    run_<verb>      either of them

Loops over few elements are not worth a second copy of their code.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convert.native.expressions import C_TYPES
from convert.native.ir import Fold, Map, Scan
from convert.native.layout import place
from convert.native.statements import body

if TYPE_CHECKING:
    from convert.native.ir import Output, Program

_WIDE_FROM = 16
"""Elements that the loops of one row compute, from which wider registers pay."""
_WIDE_MOST = 48
"""Statements up to which a second copy pays: compilers take minutes over the long programs that
unrolled searches become."""


def block_function(program: Program, ensembles: dict[int, str]) -> tuple[str, int]:
    """The C of `run_<verb>`, and the units of workspace that a row takes."""
    placed, most = place(program.statements)
    outs = [(f"{output_type(o)} *", f"out{i}") for i, o in enumerate(program.outputs)]
    given = [
        ("const double *", "x"),
        ("size_t ", "n"),
        *outs,
        ("double *", "w"),
        ("size_t ", "block"),
    ]
    parameters = ", ".join(kind + name for kind, name in given)
    arguments = ", ".join(name for _, name in given)
    elements = sum(
        math.prod(statement.shape)
        for statement in program.statements
        if isinstance(statement, Map | Fold | Scan)
    )
    is_wide = elements >= _WIDE_FROM and len(program.statements) <= _WIDE_MOST
    name = f"body_{program.verb}" if is_wide else f"run_{program.verb}"
    text = [f"{'EDGE_INLINE' if is_wide else 'static'} int {name}({parameters})", "{"]
    for buffer, at in sorted(placed.items(), key=lambda item: item[0].number):
        kind = C_TYPES[buffer.dtype]
        start = f"w + {at} * block" if at else "w"
        start = start if kind == "double" else f"({kind} *)(void *)({start})"
        text.append(f"    {kind} *const b{buffer.number} = {start};")
    text += ["    int bad = 0;", "    size_t r;", "    (void)x, (void)w, (void)block, (void)r;"]
    text += ["    " + line for line in body(program.statements, ensembles)]
    text += ["    return bad ? EDGE_MODEL_INDEX : EDGE_MODEL_OK;", "}", ""]
    if is_wide:
        text += _chosen(program.verb, parameters, arguments, elements)
    return "\n".join(text), most


def output_type(output: Output) -> str:
    """C's type of an output's elements; text is a position in the model's strings."""
    return C_TYPES["int64" if output.dtype == "str" else output.dtype]


def _chosen(verb: str, parameters: str, arguments: str, elements: int) -> list[str]:
    return [
        "#if defined(EDGE_WIDE)",
        f"EDGE_WIDE static int wide_{verb}({parameters})",
        "{",
        f"    return body_{verb}({arguments});",
        "}",
        "#endif",
        "",
        f"static int run_{verb}({parameters})",
        "{",
        "#if defined(EDGE_WIDE)",
        f"    if (n * {elements} >= EDGE_WIDE_FROM && edge_is_wide())",
        f"        return wide_{verb}({arguments});",
        "#endif",
        f"    return body_{verb}({arguments});",
        "}",
        "",
    ]
