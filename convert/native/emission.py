"""A model as C99: `edge_model.c` and `edge_model.h`.

    edge_model.c = helpers, tables, trees
                   run_<verb>(x, n, outputs, workspace, block)      one block of rows
                   edge_model_<verb>(x, outputs, workspace)         checks, then block by block

The same loops serve one row and a block, so a row gives the same bits alone and in a batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING

from convert.native.blocks import block_function, output_type
from convert.native.expressions import literal
from convert.native.ir import Buffer, Each, Ensemble, Product, Select, Table
from convert.native.layout import UNIT_BYTES, units
from convert.native.tables import RUNTIME, ensemble, table
from convert.native.wrapping import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convert.native.ir import Expression, Model, Program

ABI = 1
"""Version of the exported functions; the engine refuses any other."""

MAX_BLOCK = 64
"""Rows that are computed together."""
ROWS_AT_ONCE = 8
"""Rows that products and trees take at once: blocks leave none over."""
BLOCK_BYTES = 256 * 1024
"""Workspace beyond which blocks get shorter."""


@dataclass(frozen=True)
class Source:
    """Two files of C, and the sizes that the header states."""

    c: str
    h: str
    workspace_bytes: int
    """For the longest blocks."""
    row_bytes: int
    """For one row at a time, the least that serves."""


def emit(model: Model) -> Source:
    """Write a model as C.

    Raises:
        Unsupported: an ensemble is larger than its tables can number.
    """
    served = [program for program in model.programs if program.verb != "refused"]
    refused = next((p for p in model.programs if p.verb == "refused"), None)
    checks = 0 if refused is None else units(Buffer(0, "bool", len(refused.outputs)))
    ensembles: dict[int, str] = {}
    trees: list[str] = []
    for number, found in enumerate(_ensembles(model)):
        ensembles[id(found.trees)] = f"trees_{number}"
        trees.append(ensemble(f"trees_{number}", found))
    functions, per_row = [], checks
    for program in model.programs:
        text, most = block_function(program, ensembles)
        functions.append(text)
        per_row = max(per_row, most + checks)
    per_row = max(per_row, 1)
    shared = _sizes(model, per_row, 0 if refused is None else len(refused.outputs))
    parts = [_file("head.c", **shared), *(_helper(name) for name in _helpers(model))]
    parts += [table(found) for found in _tables(model)]
    parts += trees
    parts += functions
    parts.append(_policy(model))
    if refused is not None:
        parts.append(_refusal(refused, checks))
    parts += [_entry(program, checks, refused is not None) for program in served]
    one = next((p for p in served if p.verb == "predict" and len(p.outputs) == 1), None)
    if one is not None:
        parts.append(_row_entry(one, per_row))
    parts.append(_strings(model))
    header = _file(
        "edge_model.h",
        **shared,
        declarations="\n".join(_declaration(program) for program in served),
        refusals="".join(f" *   {i}: {m}\n" for i, m in enumerate(model.checks)) or " *   none\n",
        row_units=_row_units(one, model.features, per_row) if one else 0,
    )
    return Source(
        "\n".join(parts),
        header,
        _shared_int(shared, "workspace_bytes"),
        _shared_int(shared, "row_bytes"),
    )


def _sizes(model: Model, per_row: int, checks: int) -> dict[str, object]:
    """What source and header both name; `per_row` are the workspace's units for one row."""
    block = max(1, min(MAX_BLOCK, BLOCK_BYTES // (per_row * UNIT_BYTES)))
    if block > ROWS_AT_ONCE:
        block -= block % ROWS_AT_ONCE
    return {
        "features": model.features,
        "units": per_row,
        "block": block,
        "abi": ABI,
        "checks": checks,
        "name": model.name,
        "row_bytes": per_row * UNIT_BYTES,
        "workspace_bytes": per_row * UNIT_BYTES * block,
    }


def _shared_int(values: dict[str, object], name: str) -> int:
    """One of the sizes."""
    found = values[name]
    assert isinstance(found, int)
    return found


def _parameters(program: Program) -> str:
    names = _output_names(program)
    outs = "".join(
        f", {output_type(o)} *{name}, size_t {name}_count"
        for o, name in zip(program.outputs, names, strict=True)
    )
    return f"const double *x, size_t x_count{outs}, void *workspace, size_t workspace_bytes"


def _output_names(program: Program) -> list[str]:
    if len(program.outputs) == 1:
        return ["out"]
    return [f"out_{position}" for position in range(len(program.outputs))]


def _declaration(program: Program) -> str:
    shapes = ", ".join(
        f"{name}: {output_type(o)}, {o.width} per row"
        + (", positions for edge_model_string" if o.dtype == "str" else "")
        for name, o in zip(_output_names(program), program.outputs, strict=True)
    )
    widths = "\n".join(
        f"#define EDGE_MODEL_{program.verb.upper()}"
        f"{'_' + str(i) if len(program.outputs) > 1 else ''}_WIDTH {o.width}"
        for i, o in enumerate(program.outputs)
    )
    return (
        f"/* {program.verb}: {shapes}. */\n{widths}\n"
        f"EDGE_MODEL_API int edge_model_{program.verb}({_parameters(program)});\n"
    )


def _entry(program: Program, checks: int, has_refusals: bool) -> str:
    names = _output_names(program)
    tests = "".join(
        f"    if (status == EDGE_MODEL_OK)\n"
        f"        status = check_output({name}, {name}_count, n, {o.width}, sizeof *{name});\n"
        for name, o in zip(names, program.outputs, strict=True)
    )
    outs = "".join(
        f", {name} + done * {o.width}" for name, o in zip(names, program.outputs, strict=True)
    )
    refusal = (
        "        status = check_refused(x + done * EDGE_MODEL_FEATURES, rows, w, rows);\n"
        "        if (status != EDGE_MODEL_OK)\n            return status;\n"
        if has_refusals
        else ""
    )
    return _file(
        "entry.c",
        verb=program.verb,
        parameters=_parameters(program),
        tests=tests,
        refusal=refusal,
        outs=outs,
        skip=f" + {checks} * rows" if checks else "",
    )


def _row_units(program: Program, features: int, per_row: int) -> int:
    (output,) = program.outputs
    return features + 1 + output.width + per_row


def _row_entry(program: Program, per_row: int) -> str:
    (output,) = program.outputs
    return _file("row.c", kind=output_type(output), width=output.width, units=per_row, item=8)


def _refusal(program: Program, checks: int) -> str:
    count = len(program.outputs)
    outs = "".join(f", flags + {i} * rows" for i in range(count))
    return _file("refused.c", count=count, outs=outs, units=checks)


def _policy(model: Model) -> str:
    policy = model.policy
    limit = literal(policy.limit, "float64") if policy.limit is not None else "EDGE_LARGEST"
    return _file(
        "policy.c",
        limit=limit,
        nan="EDGE_MODEL_OK" if policy.nan else "EDGE_MODEL_NAN",
        infinite="EDGE_MODEL_OK" if policy.infinite else "EDGE_MODEL_INFINITE",
    )


def _strings(model: Model) -> str:
    pool, starts = [], [0]
    for text in model.strings:
        data = text.encode("utf-8")
        pool += [str(byte) for byte in data] + ["0"]
        starts.append(len(pool))
    return _file(
        "strings.c",
        count=len(model.strings),
        pool=lines(pool),
        starts=lines([str(start) for start in starts]),
    )


def _file(file: str, /, **values: object) -> str:
    return Template((RUNTIME / file).read_text()).substitute(values)


def _helper(name: str) -> str:
    return (RUNTIME / name).read_text()


def _helpers(model: Model) -> list[str]:
    statements = [s for program in model.programs for s in program.statements]
    names = ["registers.c", "math.c", "waves.c", "scalar.c"]
    if any(isinstance(s, Product) for s in statements):
        names.append("product.c")
    if any(isinstance(s, Each) for s in statements):
        names.append("each.c")
    if any(isinstance(s, Select) for s in statements):
        names.append("select.c")
    return names


def _ensembles(model: Model) -> Iterator[Ensemble]:
    seen: set[int] = set()
    for program in model.programs:
        for statement in program.statements:
            if isinstance(statement, Ensemble) and id(statement.trees) not in seen:
                seen.add(id(statement.trees))
                yield statement


def _tables(model: Model) -> list[Table]:
    found: dict[str, Table] = {}
    for program in model.programs:
        for statement in program.statements:
            for used in _used(statement):
                found[used.name] = used
    return list(found.values())


def _used(statement: object) -> Iterator[Table]:
    if isinstance(statement, Product):
        yield statement.weights
    expression = getattr(statement, "expression", None)
    if expression is not None:
        yield from _used_by(expression)


def _used_by(expression: Expression) -> Iterator[Table]:
    source = getattr(expression, "source", None)
    if isinstance(source, Table):
        yield source
    for inner in (*getattr(expression, "arguments", ()), getattr(expression, "index", None)):
        if inner is not None:
            yield from _used_by(inner)
