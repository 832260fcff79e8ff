"""Splits by categories in histogram gradient boosting, as columns that trees compare.

scikit-learn encodes the categorical columns, puts them first and asks at a split whether the
code is in a set (`_predictor._predict_one_from_raw_data`). Here each set is a column: 0 where it
holds the code, 1 where not, NaN where the code is missing or unknown and goes the way of NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.estimators.encoders import ordinal_encoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.graph.builder import Graph, Tensor

    Doubles = NDArray[np.float64]
    Split = tuple[int, bytes]

THRESHOLD = 0.5
"""What a node compares the column of its set with."""
_WORD_BITS = 32


class CategorySplits:
    """The columns that the trees of one estimator read."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator
        self._is_categorical = np.asarray(estimator.is_categorical_, dtype=bool)
        known, self._known_rows = estimator._bin_mapper.make_known_categories_bitsets()
        self._known = np.asarray(known)
        self._places: dict[Split, int] = {}

    def place(self, feature: int, bits: NDArray[np.uint32]) -> int:
        """The column of the set `bits` of codes of a feature."""
        key = (feature, np.asarray(bits, dtype=np.uint32).tobytes())
        return self._places.setdefault(key, len(self._is_categorical) + len(self._places))

    def columns(self, g: Graph, x: Tensor) -> Tensor:
        """Encoded columns, those of numbers, then one for each set that was placed."""
        matrix = self._encoded(g, x)
        parts, order = [matrix], []
        for feature in range(int(self._is_categorical.sum())):
            mine = [(place, bits) for (of, bits), place in self._places.items() if of == feature]
            if mine:
                order += [place for place, _ in mine]
                sets = [np.frombuffer(bits, dtype=np.uint32) for _, bits in mine]
                parts.append(self._sides(g, matrix, feature, sets))
        if not order:
            return matrix
        found = g.op("Concat", *parts, axis=1)
        base = len(self._is_categorical)
        back = np.r_[np.arange(base), base + np.argsort(order)]
        return g.op("Gather", found, back, axis=1)

    def _encoded(self, g: Graph, x: Tensor) -> Tensor:
        """`_preprocess_X`."""
        encoder = self._estimator._preprocessor.named_transformers_["encoder"]
        first, others = np.flatnonzero(self._is_categorical), np.flatnonzero(~self._is_categorical)
        frame = g.columns(x)
        if frame is None:
            chosen = g.op("Gather", x, first, axis=1)
            numbers = [g.op("Gather", x, others, axis=1)] if len(others) else []
        else:
            chosen = g.frame([frame[i] for i in first])
            numbers = [frame[i].tensor for i in others]
        codes = ordinal_encoder(g, encoder, chosen).transformed
        return g.op("Concat", codes, *numbers, axis=1) if numbers else codes

    def _sides(self, g: Graph, x: Tensor, feature: int, sets: list[NDArray[np.uint32]]) -> Tensor:
        """`(n, sets)` for one feature."""
        known = self._known[self._known_rows[feature]]
        count = len(known) * _WORD_BITS
        table: Doubles = np.full((count + 1, len(sets)), np.nan)
        for code in range(count):
            for column, bits in enumerate(sets):
                if _holds(bits, code):
                    table[code, column] = 0.0
                elif _holds(known, code):
                    table[code, column] = 1.0
        codes = g.op("Squeeze", g.op("Gather", x, np.array([feature]), axis=1), np.array([1]))
        row = g.op("Where", g.op("IsNaN", codes), float(count), codes)
        return g.op("Gather", table, g.cast(row, np.int64))


def _holds(bits: NDArray[np.uint32], code: int) -> bool:
    return bool(int(bits[code // _WORD_BITS]) >> code % _WORD_BITS & 1)
