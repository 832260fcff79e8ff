"""Which dtypes beside that of training are answered as their doubles are: shown, not supposed.

scikit-learn may count in the dtype that it is given, and integers wrap around there. So the rows
are handed over in each dtype, and what the graph makes of their doubles has to be the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from convert.prove.case import Case
    from convert.table import TableCodec

    Rows = NDArray[np.float64]

INTEGERS = ("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8")
_EXACT_INTEGER = 2.0**53
_INTEGER_ROWS = 300
_INTEGER_MAGNITUDES = 60


def proven_dtypes(case: Case, *, limit: float | None) -> tuple[str, ...]:
    """Beside float64, for rows of one matrix; `limit` is the largest |x| that is served."""
    names = ("float32", *INTEGERS, "bool")
    return tuple(name for name in names if _agrees_on(case, np.dtype(name), limit=limit))


def prove_columns(case: Case, codec: TableCodec, rng: np.random.Generator) -> TableCodec:
    """The codec with every dtype that its columns of numbers may have instead.

    Columns of floats may hold integers and booleans, those of integers other integers: all
    columns at once, and every other one of them.
    """
    for of, names in (("float64", (*INTEGERS, "bool")), ("int64", INTEGERS)):
        mine = [i for i, column in enumerate(codec.columns) if column.dtype == of]
        if not mine:
            continue
        proven = tuple(name for name in names if _columns_agree(case, codec, mine, name, rng))
        for position in mine:
            own = np.dtype(codec.columns[position].kind).name
            accepts = tuple(dict.fromkeys([own, *proven]))
            codec = codec.with_column(position, accepts=accepts)
    return codec


def _agrees_on(case: Case, dtype: np.dtype[Any], *, limit: float | None) -> bool:
    rows = case.probes.rows
    if dtype.kind != "f":
        rng = np.random.default_rng(case.seed)
        rows = _integers(case, dtype, np.inf if limit is None else limit, rng)
    with np.errstate(all="ignore"):
        cast = rows.astype(dtype)
    exact = cast.astype(np.float64)
    kept = np.isfinite(exact).all(axis=1) | ~np.isfinite(rows).all(axis=1)
    cast, exact = cast[kept], exact[kept]
    got = None
    if case.graph.checks and len(exact):
        answers, refused = case.graph.with_marks(exact)
        cast, exact = cast[~refused], exact[~refused]
        got = {name: answer[~refused] for name, answer in answers.items()}
    return case.answers_alike(exact, case.reference.named(cast), got)


def _columns_agree(
    case: Case, codec: TableCodec, mine: Sequence[int], name: str, rng: np.random.Generator
) -> bool:
    dtype = np.dtype(name)
    rows = _integers(case, dtype, np.inf, rng)
    for some in _subsets(mine):
        other = codec
        for position in some:
            as_kind: Any = {"dtype": "bool" if name == "bool" else "int64", "kind": dtype}
            other = other.with_column(position, **as_kind)
        held = other.canonical(rows)
        held = held[~case.graph.refused(held)]
        if not case.answers_alike(held, other.frame(held)):
            return False
    return True


def _subsets(mine: Sequence[int]) -> Iterator[Sequence[int]]:
    yield mine
    if len(mine) > 1:
        yield mine[::2]
        yield mine[1::2]


def _integers(case: Case, dtype: np.dtype[Any], limit: float, rng: np.random.Generator) -> Rows:
    """Probes rounded into the dtype's range, and rows of all magnitudes that it holds.

    Integer arithmetic wraps around only from some magnitude on, which samples may not reach.
    """
    low, high = 0.0, 1.0
    if dtype.kind != "b":
        low, high = float(np.iinfo(dtype).min), float(np.iinfo(dtype).max)
    low, high = max(low, -_EXACT_INTEGER, -limit), min(high, _EXACT_INTEGER, limit)
    near = case.probes.rows[case.probes.stratified(_INTEGER_ROWS, rng)]
    shape = (_INTEGER_MAGNITUDES, near.shape[1])
    sizes = np.exp2(rng.uniform(0, np.log2(max(high, 1.0)), shape[:1]))[:, None]
    far = sizes * rng.uniform(-1 if low < 0 else 0, 1, shape)
    found = np.concatenate([np.nan_to_num(near, nan=0.0), far])
    # Towards zero, for a limit need not be an integer.
    integers: Rows = np.trunc(np.clip(np.rint(found), low, high))
    return integers
