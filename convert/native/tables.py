"""Constants and trees as C: every number reads back as itself, in the narrowest type that holds."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.native.expressions import C_TYPES, literal
from convert.native.leaves import LEAF_BITS, leaves
from convert.native.rows import unsupported
from convert.native.trees import rounded_down, split_base
from convert.native.wrapping import lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.native.ir import Ensemble, Table

RUNTIME = Path(__file__).with_name("runtime")

_NAN = {"float32": 0x7FC00000, "float64": 0x7FF8000000000000}
_MISSING_FLAG = 0x8000


def table(found: Table) -> str:
    """One constant array."""
    values = found.values.tolist()
    text = lines([literal(value, found.dtype) for value in values])
    return f"static const {C_TYPES[found.dtype]} {found.name}[{len(values)}] = {{\n{text}\n}};\n"


def ensemble(name: str, found: Ensemble) -> str:
    """Tables and walk of one ensemble.

    A float32 x lies at or below a double threshold exactly where it lies at or below the largest
    float32 that is not above it, so float32 rows are compared in four bytes.

    Raises:
        Unsupported: more leaves or columns than the tables can number.
    """
    kind = found.x.dtype
    base, trees = split_base(found.trees, found.targets)
    if kind not in _NAN or found.x.size >= _MISSING_FLAG:
        raise unsupported("trees over rows of this kind", f"{found.x.size} columns of {kind}")
    if len(trees.starts) > 1 << LEAF_BITS[kind] or trees.depths.max(initial=0) > 255:
        raise unsupported("an ensemble of this size", f"{len(trees.starts)} kinds of leaves")
    is_leaf = trees.leaf >= 0
    steps = trees.right - np.arange(len(trees.right)) - 1
    has_missing = bool((trees.missing_left & ~is_leaf).any())
    feature = np.where(
        trees.missing_left & ~is_leaf & has_missing, trees.feature | 0x8000, trees.feature
    )
    bits = _bits(trees.threshold, kind)
    bits = np.where(is_leaf, _NAN[kind] + np.maximum(trees.leaf, 0), bits.astype(object))
    nodes = [
        f"{{{{{_hex(b, kind)}}}, {f}, {r}}}"
        for b, f, r in zip(bits.tolist(), feature.tolist(), steps.tolist(), strict=True)
    ]
    wide = int(steps.max(initial=0)) > 0x7FFF
    test = "(value <= node->threshold.value)"
    both = f"({test} | ((value != value) & (node->feature >> 15)))"
    values = {
        "name": name,
        "count": len(trees.roots),
        "features": found.x.size,
        "targets": found.targets,
        "bits": "uint32_t" if kind == "float32" else "uint64_t",
        "real": C_TYPES[kind],
        "feature_type": "uint32_t" if wide else "uint16_t",
        "skip_type": "int32_t" if wide else "int16_t",
        "mask": " & 0x7fff" if has_missing else "",
        "nodes": lines(nodes),
        "roots": lines([str(root) for root in trees.roots.tolist()]),
        "depths": lines([str(depth) for depth in trees.depths.tolist()]),
        "base": ", ".join(literal(value, "float64") for value in base.tolist()),
        "leaves": leaves(name, trees, kind, found.targets),
    }
    walks = {"sum": test}
    if has_missing:
        walks = {"sum_missing": both, "sum_present": test}
    parts = [_filled("trees.c", **values)]
    parts += [
        _filled("walk.c", walk=walk, goes_left=left, **values) for walk, left in walks.items()
    ]
    if has_missing:
        parts.append(_filled("missing.c", **values))
    return "\n".join(parts)


def _filled(file: str, /, **values: object) -> str:
    return Template((RUNTIME / file).read_text()).substitute(values)


def _bits(threshold: NDArray[np.float64], kind: str) -> NDArray[Any]:
    if kind == "float32":
        return rounded_down(threshold).view(np.uint32)
    return threshold.view(np.uint64)


def _hex(bits: int, kind: str) -> str:
    return f"0x{bits:08x}u" if kind == "float32" else f"UINT64_C(0x{bits:016x})"
