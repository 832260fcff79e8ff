"""Let the statement that computes an output write it in place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convert.native.ir import (
    INPUT,
    OUTPUT,
    Buffer,
    Call,
    Each,
    Ensemble,
    Load,
    Map,
    Product,
    Select,
    Take,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convert.native.ir import Expression, Statement


def with_outputs(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Drop each copy into an output whose source nothing else reads."""
    kept = list(statements)
    for copy in [s for s in statements if isinstance(s, Map) and s.out.number >= OUTPUT]:
        found = copy.expression
        if not isinstance(found, Load) or not isinstance(found.source, Buffer):
            continue
        source = found.source
        readers = [s for s in kept if s is not copy and source in read_by(s)]
        whole = source.size == copy.out.size and found.offset == 0
        same = all(
            a == b or n == 1
            for a, b, n in zip(found.strides, copy.strides, copy.shape, strict=True)
        )
        writers = [s for s in kept if source in written_by(s)]
        if readers or source.number == INPUT or not (whole and same) or not writers:
            continue
        if source.number >= OUTPUT or any(isinstance(s, Select) for s in writers):
            continue
        kept = [
            _rewritten(s, source, copy.out) if s in writers else s for s in kept if s is not copy
        ]
    return tuple(kept)


def read_by(statement: Statement) -> set[Buffer]:
    """The buffers that a statement reads."""
    if isinstance(statement, Product | Ensemble):
        return {statement.x}
    if isinstance(statement, Select | Each):
        return {statement.source}
    return set(_buffers(statement.expression))


def written_by(statement: Statement) -> set[Buffer]:
    """The buffers that a statement writes."""
    if isinstance(statement, Select):
        return {statement.values, statement.positions}
    return {statement.out}


def _buffers(expression: Expression) -> Iterator[Buffer]:
    if isinstance(expression, Load | Take) and isinstance(expression.source, Buffer):
        yield expression.source
    if isinstance(expression, Take):
        yield from _buffers(expression.index)
    if isinstance(expression, Call):
        for argument in expression.arguments:
            yield from _buffers(argument)


def _rewritten(statement: Statement, old: Buffer, new: Buffer) -> Statement:
    assert not isinstance(statement, Select)
    return replace(statement, out=new) if statement.out == old else statement
