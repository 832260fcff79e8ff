"""Statements as C loops over rows and places; neighbours that go row by row share one loop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convert.native.expressions import C_TYPES, array, expression, index
from convert.native.ir import Call, Each, Ensemble, Fold, Load, Map, Product, Scan, Select, Take
from convert.native.layout import is_by_row, loops
from convert.native.rows import restride, strides_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convert.native.ir import Expression, Statement

    Strides = tuple[int, ...]

_STEP = "    "


def body(statements: Sequence[Statement], ensembles: Mapping[int, str]) -> list[str]:
    """The lines of a function; `ensembles` names the trees by identity."""
    lines: list[str] = []
    for group in loops(statements):
        if not is_by_row(group[0]):
            lines.append(_block(group[0], ensembles))
            continue
        lines.append("for (r = 0; r < n; r++) {")
        for statement in group:
            lines += [_STEP + line for line in _row(statement)]
        lines.append("}")
    return lines


def _block(statement: Statement, ensembles: Mapping[int, str]) -> str:
    if isinstance(statement, Product):
        x, out = array(statement.x), array(statement.out)
        rows = "n" if statement.m == 1 else f"n * {statement.m}"
        weights = statement.weights.name
        return f"edge_product({x}, {weights}, {out}, {rows}, {statement.f}, {statement.k});"
    if isinstance(statement, Each):
        source, out = array(statement.source), array(statement.out)
        return f"edge_{statement.function}_each({source}, {out}, n * {statement.out.size});"
    if isinstance(statement, Ensemble):
        name = ensembles[id(statement.trees)]
        return f"{name}_sum({array(statement.x)}, n, {array(statement.out)});"
    assert isinstance(statement, Select)
    names = [array(b) for b in (statement.source, statement.values, statement.positions)]
    sizes = f"n * {statement.runs}, {statement.length}, {statement.k}, {int(statement.largest)}"
    return f"edge_select({', '.join(names)}, {sizes});"


def _row(statement: Statement) -> list[str]:
    if isinstance(statement, Map):
        return _map(statement)
    if isinstance(statement, Fold):
        return _fold(statement)
    assert isinstance(statement, Scan)
    return _scan(statement)


def _map(found: Map) -> list[str]:
    tuples = [found.strides, *_strides(found.expression)]
    merge, sizes = _merged(found.shape, tuples)
    places, opening, closing = _loops(sizes, "i")
    to = index(merge(found.strides), found.offset, places, found.out.size)
    value = expression(restride(found.expression, merge), places)
    line = f"{_indent(opening)}{array(found.out)}[{to}] = {value};"
    innermost = [f"{_indent(opening[1:])}EDGE_INDEPENDENT", *opening[-1:]] if opening else []
    return [*opening[:-1], *innermost, line, *closing]


def _fold(found: Fold) -> list[str]:
    cut = len(found.shape) - found.axes
    outer_shape, inner_shape = found.shape[:cut], found.shape[cut:]
    out_strides = strides_of(outer_shape)
    tuples = _strides(found.expression)
    outer, outer_sizes = _merged(outer_shape, [out_strides, *(s[:cut] for s in tuples)])
    inner, inner_sizes = _merged(inner_shape, [s[cut:] for s in tuples])
    value = restride(found.expression, lambda s: (*outer(s[:cut]), *inner(s[cut:])))
    places, opening, closing = _loops(outer_sizes, "i")
    inner_places, inner_opening, inner_closing = _loops(inner_sizes, "j")
    element = expression(value, [*places, *inner_places])
    to = f"{array(found.out)}[{index(outer(out_strides), 0, places, found.out.size)}]"
    first = expression(value, [*places, *("" for _ in inner_places)])
    within = _indent(inner_opening)
    kind = C_TYPES[value.dtype]
    lines: list[str] = []
    if found.kind in ("sum", "mean"):
        lines = [f"{kind} sum = 0;", *inner_opening, f"{within}sum += {element};", *inner_closing]
        count = math.prod(inner_shape)
        lines.append(f"{to} = sum;" if found.kind == "sum" else f"{to} = sum / {count};")
    else:
        less = "<" if found.kind.endswith("min") else ">"
        lines = [f"{kind} best = {first};"]
        if found.kind.startswith("arg"):
            place = index(strides_of(inner_sizes), 0, inner_places, 0)
            keep = f"best = value, at = (int64_t)({place});"
            lines.append("int64_t at = 0;")
            test = f"value {less} best"
        else:
            keep = "best = value;"
            test = f"value {less} best || edge_isnan(value)"
            if value.dtype not in ("float64", "float32"):
                test = f"value {less} best"
        lines += [
            *inner_opening,
            f"{within}const {kind} value = {element};",
            f"{within}if ({test})",
            f"{within}{_STEP}{keep}",
            *inner_closing,
        ]
        lines.append(f"{to} = {'at' if found.kind.startswith('arg') else 'best'};")
    return ["{", *(_STEP + line for line in _nested(opening, lines, closing)), "}"]


def _scan(found: Scan) -> list[str]:
    outer_shape, length = found.shape[:-1], found.shape[-1]
    strides = strides_of(found.shape)
    places, opening, closing = _loops(outer_shape, "i")
    to = index(strides, 0, [*places, "j0"], found.out.size)
    value = expression(found.expression, [*places, "j0"])
    lines = [
        f"{C_TYPES[found.out.dtype]} sum = 0;",
        "size_t j0;",
        f"for (j0 = 0; j0 < {length}; j0++) {{",
        f"{_STEP}sum += {value};",
        f"{_STEP}{array(found.out)}[{to}] = sum;",
        "}",
    ]
    return ["{", *(_STEP + line for line in _nested(opening, lines, closing)), "}"]


def _nested(opening: list[str], lines: list[str], closing: list[str]) -> list[str]:
    inside = [_indent(opening) + line for line in lines]
    return [*opening, *inside, *closing]


def _indent(opening: list[str]) -> str:
    return _STEP * len(opening)


def _loops(sizes: Sequence[int], letter: str) -> tuple[list[str], list[str], list[str]]:
    """Loop variables ("" where there is one place only), opening and closing lines."""
    places: list[str] = []
    opening: list[str] = []
    closing: list[str] = []
    for axis, n in enumerate(sizes):
        if n == 1:
            places.append("")
            continue
        name = f"{letter}{axis}"
        places.append(name)
        indent = _STEP * len(opening)
        opening.append(f"{indent}for (size_t {name} = 0; {name} < {n}; {name}++) {{")
        closing.insert(0, f"{indent}}}")
    return places, opening, closing


def _merged(
    shape: Strides, tuples: Sequence[Strides]
) -> tuple[Callable[[Strides], Strides], list[int]]:
    """Join neighbouring axes that every array walks as one; leave out axes of length 1."""
    groups: list[list[int]] = []
    for axis, n in enumerate(shape):
        if n == 1:
            continue
        if groups and all(s[groups[-1][-1]] == s[axis] * n for s in tuples):
            groups[-1].append(axis)
        else:
            groups.append([axis])
    sizes = [math.prod(shape[axis] for axis in group) for group in groups]
    return lambda strides: tuple(strides[group[-1]] for group in groups), sizes


def _strides(found: Expression) -> list[Strides]:
    if isinstance(found, Load):
        return [found.strides]
    if isinstance(found, Take):
        return [found.strides, *_strides(found.index)]
    if isinstance(found, Call):
        return [s for argument in found.arguments for s in _strides(argument)]
    return []
