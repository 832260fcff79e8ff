"""What the leaves of an ensemble add, as C: in the form that is fast for its number of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.native.expressions import literal
from convert.native.wrapping import lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from convert.native.ir import Trees

LEAF_BITS = {"float32": 22, "float64": 51}
"""Bits of a NaN that number a leaf."""
_AT_ONCE = 4


def leaves(name: str, trees: Trees, kind: str, targets: int) -> str:
    """The tables of the leaves, and `<name>_add`, which adds those of leaf node i to `sums`.

    A leaf of one value adds it. Several are added as whole rows, zeros among them, or, where most
    would be zeros, four by four with zeros at the end: a sum that began with 0.0 is never -0.0,
    so zero changes nothing.
    """
    mask = (1 << LEAF_BITS[kind]) - 1
    leaf = f"{name}_nodes[i].threshold.bits & 0x{mask:x}u"
    counts = np.diff(trees.starts)
    if (counts == 1).all():
        to = f"sums[{name}_targets[at]]" if targets > 1 else "sums[0]"
        tables = _tables(name, trees.weights, trees.targets if targets > 1 else None)
        code = [f"const size_t at = (size_t)({leaf});", f"{to} += {name}_weights[at];"]
        return _add(name, tables, code)
    padded = -(-counts // _AT_ONCE) * _AT_ONCE
    listed_bytes = int(padded.sum()) * 9 + len(counts) * 2
    if len(counts) * targets * 8 <= listed_bytes:
        return _whole_rows(name, trees, targets, leaf)
    return _listed(name, trees, targets, leaf, padded)


def _whole_rows(name: str, trees: Trees, targets: int, leaf: str) -> str:
    rows = np.zeros((len(trees.starts) - 1, targets))
    np.add.at(
        rows, (np.repeat(np.arange(len(rows)), np.diff(trees.starts)), trees.targets), trees.weights
    )
    code = [
        f"const double *const row = {name}_weights + {targets} * (size_t)({leaf});",
        "size_t t;",
        "EDGE_INDEPENDENT",
        f"for (t = 0; t < {targets}; t++)",
        "    sums[t] += row[t];",
    ]
    return _add(name, _tables(name, rows.reshape(-1), None), code)


def _listed(name: str, trees: Trees, targets: int, leaf: str, padded: NDArray[np.int64]) -> str:
    weights: list[float] = []
    places: list[int] = []
    for at, count in enumerate(padded.tolist()):
        start, end = trees.starts[at], trees.starts[at + 1]
        weights += trees.weights[start:end].tolist() + [0.0] * (count - int(end - start))
        mine = trees.targets[start:end].tolist()
        # Zeros go to other targets than the last values, whose sums are still on their way.
        free = [target for target in range(targets) if target not in mine] or [0]
        places += mine + [free[i % len(free)] for i in range(count - len(mine))]
    starts = np.concatenate([[0], np.cumsum(padded // _AT_ONCE)])
    tables = _tables(name, np.array(weights), np.array(places))
    text = lines([str(start) for start in starts.tolist()])
    kind = "uint16_t" if starts[-1] < 1 << 16 else "uint32_t"
    tables.append(f"static const {kind} {name}_starts[] = {{\n{text}\n}};\n")
    code = [
        f"const {kind} *const start = {name}_starts + ({leaf});",
        f"const uint32_t end = {_AT_ONCE} * (uint32_t)start[1];",
        "uint32_t at;",
        f"for (at = {_AT_ONCE} * (uint32_t)start[0]; at < end; at += {_AT_ONCE}) {{",
        *(
            f"    sums[{name}_targets[at + {i}]] += {name}_weights[at + {i}];"
            for i in range(_AT_ONCE)
        ),
        "}",
    ]
    return _add(name, tables, code)


def _tables(name: str, weights: NDArray[np.float64], targets: NDArray[Any] | None) -> list[str]:
    text = lines([literal(weight, "float64") for weight in weights.tolist()])
    parts = [f"static const double {name}_weights[] = {{\n{text}\n}};\n"]
    if targets is not None:
        kind = "uint8_t" if targets.max(initial=0) < 256 else "uint32_t"
        text = lines([str(target) for target in targets.tolist()])
        parts.append(f"static const {kind} {name}_targets[] = {{\n{text}\n}};\n")
    return parts


def _add(name: str, tables: list[str], code: Sequence[str]) -> str:
    head = f"static void {name}_add(uint32_t i, double *sums)"
    return "\n".join([*tables, head, "{", *("    " + line for line in code), "}"])
