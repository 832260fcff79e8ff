"""Many rows in blocks: no batch is larger than the largest that was compared at conversion.

Kernels take rows x support vectors x columns doubles at once, which leaves every cache and can
leave the memory; a block bounds both, and makes no row slower.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from edge_infer.engines import Engine

BLOCK_ROWS = 100


def run_in_blocks(engine: Engine, names: Sequence[str], feeds: Mapping[str, Any]) -> list[Any]:
    """The outputs of `engine.run` for all n rows, `BLOCK_ROWS` of them at a time.

    Every input and output has the n rows as its first axis.
    """
    n = max(len(values) for values in feeds.values())
    if n <= BLOCK_ROWS:
        return engine.run(names, feeds)
    import numpy as np

    parts = [
        engine.run(names, {name: rows[start : start + BLOCK_ROWS] for name, rows in feeds.items()})
        for start in range(0, n, BLOCK_ROWS)
    ]
    return [np.concatenate(column) for column in zip(*parts, strict=True)]
