"""What the estimator accepts in each column of a data frame, asked of the estimator itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convert.errors import NotExact
from convert.prove.compare import score_difference
from convert.prove.policy import DOUBLE_MAX, SINGLE_MAX, Policy, last_power

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from convert.prove.engine import Graph
    from convert.prove.reference import Answers, Reference
    from convert.table import TableCodec

    Rows = NDArray[np.float64]

_BASE_ROWS = 6
_SIGNED_ROWS = 8
_TOP_EXPONENT = 1024
_STEPS = (2.0**-2, 2.0**-8, 2.0**-64, 2.0**-256, 2.0**-1000)
"""By how much all limits shrink, until all columns may be at theirs at once."""


def ask_table(
    reference: Reference,
    samples: Rows,
    scales: Mapping[str, float],
    *,
    seed: int,
    graph: Graph | None = None,
) -> tuple[TableCodec, Policy]:
    """The codec that holds what is served, and the policy that is left to the makers of probes.

    A `graph` is asked as well where it holds fewer magnitudes: in float32, or where a step rounds
    in a way of its own.

    Raises:
        NotExact: scikit-learn does not treat the samples alike, alone and beside each other.
    """
    asked = _AskedTable(reference, samples, scales, np.random.default_rng(seed), graph)
    codec = reference.codec
    assert codec is not None
    missing = asked.taken((np.nan,), ("float64", "str"))
    infinite = asked.taken((np.inf, -np.inf), ("float64",))
    limits = asked.limits()
    for position, limit in enumerate(limits):
        codec = codec.with_column(
            position, nan=position in missing, infinite=position in infinite, limit=limit
        )
    held = codec.canonical(samples)
    differs = ~((held == samples) | (np.isnan(held) & np.isnan(samples)))
    if differs.any():
        row, column = (int(i) for i in np.argwhere(differs)[0])
        raise NotExact(
            "the samples hold values that scikit-learn does not treat alike in every row",
            actual=f"sample {row}, column {codec.columns[column].name!r}",
            hint="impute or scale this column before the model",
        )
    notes = tuple(
        f"column {column.name!r}: |x| > {column.limit:g} is refused, as scikit-learn does or "
        "where it overflows or disagrees with itself"
        for column in codec.columns
        if column.limit is not None
    )
    return codec, Policy(bool(missing), bool(infinite), None, notes)


class _AskedTable:
    def __init__(
        self,
        reference: Reference,
        samples: Rows,
        scales: Mapping[str, float],
        rng: np.random.Generator,
        graph: Graph | None,
    ) -> None:
        self._graph = graph
        assert reference.codec is not None
        self._reference = reference
        self._dtypes = [column.dtype for column in reference.codec.columns]
        self._base = samples[np.sort(rng.permutation(len(samples))[:_BASE_ROWS])]
        self._scales = scales
        finite = np.where(np.isfinite(samples), np.abs(samples), 0.0)
        self._largest = np.maximum(finite.max(axis=0), 1e-300)
        self._signs = rng.choice([-1.0, 1.0], size=(_SIGNED_ROWS, samples.shape[1]))
        self._signs[0], self._signs[1] = 1.0, -1.0

    def taken(self, values: tuple[float, ...], dtypes: tuple[str, ...]) -> set[int]:
        """Columns that may hold the values, all of them at once."""
        found: set[int] = set()
        for column in [i for i, dtype in enumerate(self._dtypes) if dtype in dtypes]:
            together = [column, *found]
            if all(
                self._answers(self._with([column], value)) is not None
                and self._answers(self._with(together, value)) is not None
                for value in values
            ):
                found.add(column)
        return found

    def limits(self) -> list[float | None]:
        """The largest |x| of each column, None for no bound."""
        numbers = [i for i, dtype in enumerate(self._dtypes) if dtype in ("float64", "int64")]
        found: list[float | None] = [None] * len(self._dtypes)
        for column in numbers:
            found[column] = self._limit(column)
        if not numbers or self._serves(self._at(found)):
            return found
        for step in _STEPS:
            for column in numbers:
                held = DOUBLE_MAX if found[column] is None else found[column]
                found[column] = max((held or 0.0) * step, float(self._largest[column]))
            if self._serves(self._at(found)):
                return found
        return [float(self._largest[i]) if i in numbers else None for i in range(len(self._dtypes))]

    def _limit(self, column: int) -> float | None:
        def rows_of_size(size: float) -> Rows:
            sizes = np.array([size, -size, 0.7310585786300049 * size])
            rows = np.tile(self._base[:1], (len(sizes), 1))
            rows[:, column] = sizes
            return rows

        def serves(size: float) -> bool:
            return self._serves(rows_of_size(size))

        def is_finite(size: float) -> bool:
            return self._is_finite(self._answers(rows_of_size(size)))

        if serves(DOUBLE_MAX):
            return None
        if serves(SINGLE_MAX) and not serves(SINGLE_MAX * (1 + 2.0**-20)):
            return SINGLE_MAX
        largest = float(self._largest[column])
        low = int(np.ceil(np.log2(largest)))
        if not serves(2.0**low):
            return largest
        answered = last_power(is_finite, low, _TOP_EXPONENT)
        if not serves(2.0**answered):
            answered = last_power(serves, low, answered)
        safety = 2.0 ** np.ceil(np.log2(2 * len(self._dtypes)))
        return max(2.0**answered / float(safety), largest)

    def _at(self, limits: list[float | None]) -> Rows:
        """Rows with every number at its limit, in several patterns of signs."""
        rows = np.resize(self._base, self._signs.shape).copy()
        for column, limit in enumerate(limits):
            if self._dtypes[column] in ("float64", "int64"):
                rows[:, column] = self._signs[:, column] * (DOUBLE_MAX if limit is None else limit)
        return rows

    def _with(self, columns: list[int], value: float) -> Rows:
        rows = self._base.copy()
        rows[:, columns] = value
        return rows

    def _serves(self, rows: Rows) -> bool:
        together = self._answers(rows)
        if together is None or not self._is_finite(together):
            return False
        alone = self._reference.one_by_one(rows)
        if self._graph is not None and not self._agree(self._graph.run(rows), together):
            return False
        return self._agree(alone, together)

    def _is_finite(self, answers: Answers | None) -> bool:
        return answers is not None and all(
            bool(np.isfinite(answers[output.name]).all())
            for output in self._reference.outputs
            if output.kind == "score"
        )

    def _agree(self, found: Answers, together: Answers) -> bool:
        for output in self._reference.outputs:
            if output.kind != "score":
                continue
            got, want = found[output.name], together[output.name]
            difference = score_difference(got, want, self._scales[output.name])
            if (difference > self._reference.tolerance).any():
                return False
        return True

    def _answers(self, rows: Rows) -> Answers | None:
        try:
            return self._reference.answers(rows)
        except Exception:  # whatever an estimator raises on a row means that it is not served
            return None
