"""Large batches are run in blocks no larger than what was proven; the bits stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from artifact_builder import Linear, golden_rows

from convert.prove.engine import LARGE_BATCH
from edge_infer.blocks import BLOCK_ROWS, run_in_blocks

if TYPE_CHECKING:
    from edge_infer.model import Model


class Counting:
    """An engine that remembers the sizes of its batches."""

    name, version = "counting", "1"

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def run(self, names: Any, feeds: Any) -> list[Any]:
        (size,) = {len(values) for values in feeds.values()}
        self.sizes.append(size)
        return [np.stack(list(feeds.values()), axis=1) for _ in names]


def test_no_block_is_larger_than_what_the_proof_tried() -> None:
    assert BLOCK_ROWS <= LARGE_BATCH


@pytest.mark.parametrize("n", [1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 3 * BLOCK_ROWS, 257])
def test_every_row_is_answered_once_and_in_order(n: int) -> None:
    engine, rows = Counting(), np.arange(n, dtype=float)
    words = np.array([f"w{i}" for i in range(n)], dtype=object)
    found = run_in_blocks(engine, ["a", "b"], {"x": rows, "y": words})  # type: ignore[arg-type]
    assert sum(engine.sizes) == n
    assert max(engine.sizes) <= BLOCK_ROWS
    assert len(engine.sizes) == -(-n // BLOCK_ROWS)
    for output in found:
        assert output[:, 0].tolist() == rows.tolist()
        assert output[:, 1].tolist() == words.tolist()


@pytest.mark.parametrize("verb", ["predict", "predict_proba", "predict_log_proba"])
def test_a_model_gives_the_same_bits_in_blocks(model: Model, linear: Linear, verb: str) -> None:
    X = np.resize(golden_rows(linear, 50), (3 * BLOCK_ROWS + 7, 64))
    X = X + np.arange(len(X))[:, None] / 512
    whole = getattr(model, verb)(X)
    parts = [getattr(model, verb)(X[i : i + BLOCK_ROWS]) for i in range(0, len(X), BLOCK_ROWS)]
    assert whole.tobytes() == np.concatenate(parts).tobytes()
    assert whole.dtype == parts[0].dtype
