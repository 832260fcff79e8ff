"""Every word of every text column in some row: known, unseen and hostile ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convert.prove.rows.context import spread

if TYPE_CHECKING:
    from convert.prove.rows.context import Context, Rows


def words(context: Context, count: int) -> Rows:
    """Samples with one text replaced; none where there is no text."""
    codec = context.reference.codec
    columns = [] if codec is None else codec.columns
    pairs = [
        (position, code)
        for position, column in enumerate(columns)
        for code in range(len(column.words))
    ]
    rng = context.random()
    chosen = np.array(pairs, dtype=np.intp).reshape(-1, 2)[spread(len(pairs), count, rng)]
    rows = context.base(rng, len(chosen))
    rows[np.arange(len(rows)), chosen[:, 0]] = chosen[:, 1]
    return rows
