"""The C function that answers a block of rows: one body, compiled for each width of register.

    body_<verb>     the loops, inlined into the two below
    wide_<verb>     for processors with wider registers (runtime/registers.c), the same operations
    run_<verb>      either of them

Loops over few elements are not worth a second copy of their code. A program of very many
statements, as an unrolled search is, becomes functions of a few each, `part_<verb>_<i>`, called one
after the other: the time that compilers take grows faster than a function.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convert.native.expressions import C_TYPES
from convert.native.ir import Fold, Map, Scan
from convert.native.layout import place
from convert.native.renaming import read_by, written_by
from convert.native.statements import body

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convert.native.ir import Buffer, Output, Program, Statement

_WIDE_FROM = 16
"""Elements that the loops of one row compute, from which wider registers pay."""
_WIDE_MOST = 48
"""Statements up to which a second copy pays, and up to which a program is one function."""
_PART = 32
"""Statements of a part of a longer program."""


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
    if len(program.statements) > _WIDE_MOST:
        return "\n".join(_in_parts(program, placed, ensembles, parameters, arguments)), most
    elements = sum(
        math.prod(statement.shape)
        for statement in program.statements
        if isinstance(statement, Map | Fold | Scan)
    )
    is_wide = elements >= _WIDE_FROM
    name = f"body_{program.verb}" if is_wide else f"run_{program.verb}"
    kind = "EDGE_INLINE" if is_wide else "static"
    text = _function(f"{kind} int {name}({parameters})", program.statements, placed, ensembles)
    if is_wide:
        text += _chosen(program.verb, parameters, arguments, elements)
    return "\n".join(text), most


def _function(
    head: str,
    statements: Sequence[Statement],
    placed: Mapping[Buffer, int],
    ensembles: dict[int, str],
) -> list[str]:
    """One function over a block of rows, with the buffers that its statements name."""
    used = {b for one in statements for b in read_by(one) | written_by(one) if b in placed}
    text = [head, "{"]
    for buffer in sorted(used, key=lambda one: one.number):
        kind = C_TYPES[buffer.dtype]
        at = placed[buffer]
        start = f"w + {at} * block" if at else "w"
        start = start if kind == "double" else f"({kind} *)(void *)({start})"
        text.append(f"    {kind} *const b{buffer.number} = {start};")
    text += ["    int bad = 0;", "    size_t r;", "    (void)x, (void)w, (void)block, (void)r;"]
    text += ["    " + line for line in body(statements, ensembles)]
    return [*text, "    return bad ? EDGE_MODEL_INDEX : EDGE_MODEL_OK;", "}", ""]


def _in_parts(
    program: Program,
    placed: Mapping[Buffer, int],
    ensembles: dict[int, str],
    parameters: str,
    arguments: str,
) -> list[str]:
    """`run_<verb>` as calls of its parts; a buffer keeps its place from part to part."""
    text: list[str] = []
    calls: list[str] = []
    outs = [f"out{i}" for i in range(len(program.outputs))]
    unused = "".join(f", (void){out}" for out in outs)
    for number, start in enumerate(range(0, len(program.statements), _PART)):
        name = f"part_{program.verb}_{number}"
        part = program.statements[start : start + _PART]
        lines = _function(f"EDGE_APART int {name}({parameters})", part, placed, ensembles)
        text += [line.replace("(void)r;", f"(void)r{unused};") for line in lines]
        calls += [
            "    if (status == EDGE_MODEL_OK)",
            f"        status = {name}({arguments});",
        ]
    head = f"static int run_{program.verb}({parameters})"
    return [
        *text,
        head,
        "{",
        "    int status = EDGE_MODEL_OK;",
        *calls,
        "    return status;",
        "}",
        "",
    ]


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
