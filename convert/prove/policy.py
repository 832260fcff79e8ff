"""What the estimator accepts, asked of the estimator itself.

Whatever it raises on, the device refuses too. The largest magnitude is the largest at which
scikit-learn still answers with finite scores and agrees with itself between one row and a
batch: beyond it there is nothing that a graph could match.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.decomposition import KernelPCA
from sklearn.kernel_approximation import PolynomialCountSketch
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    LocalOutlierFactor,
    NearestCentroid,
)
from sklearn.preprocessing import KernelCenterer
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from convert.errors import NotExact
from convert.prove.compare import RELATIVE_TOLERANCE, score_difference
from convert.prove.reference import steps_of
from convert.prove.splits import is_tree_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from convert.prove.engine import Graph
    from convert.prove.reference import Answers, Reference

    Rows = NDArray[np.float64]

SINGLE_MAX = float(np.finfo(np.float32).max)
DOUBLE_MAX = float(np.finfo(np.float64).max)
_TOP_EXPONENT = 1023
ROUNDS_ITS_OWN_WAY: Mapping[type, int] = {
    BayesianGaussianMixture: _TOP_EXPONENT,
    GaussianMixture: _TOP_EXPONENT,
    Isomap: 3,
    KernelPCA: 10,
    KernelCenterer: _TOP_EXPONENT,
    LocallyLinearEmbedding: 3,
    NearestCentroid: 6,
    PolynomialCountSketch: _TOP_EXPONENT,
}
"""How many powers of two beyond the samples a graph can follow at most.

A Fourier transform rounds as its library does. Far from all training rows rounding alone orders
the neighbours, and an embedding jumps with them. The difference of two large squares, as between
centroids or between a mixture's components, is what rounding left of it, and so is a kernel's value
less the mean of equally large ones, which of a column that was constant is all there is.
"""
NEIGHBORS: Mapping[type, int] = {
    KNeighborsClassifier: 20,
    KNeighborsRegressor: 20,
    LabelPropagation: 20,
    LabelSpreading: 20,
    LocalOutlierFactor: 10,
}
"""How many powers of two beyond the samples neighbours still differ by more than rounding.

Farther out whole classes are equally far, and scikit-learn takes those that it meets first.
"""
_SINGLE_REACH = 40
"""How many powers of two beyond the samples a float32 graph is asked for."""
_STRIDE = 3
_COLUMNS = 32
_SIGNED = 8


@dataclass(frozen=True)
class Policy:
    """Which rows are served."""

    nan: bool
    infinite: bool
    limit: float | None
    """Largest |x|; None where every finite double is served."""
    notes: tuple[str, ...] = ()

    def admits(self, X: Rows) -> NDArray[np.bool_]:
        """`(n,)`: rows that the policy serves."""
        finite = np.isfinite(X)
        held = finite | (np.isnan(X) & self.nan) | (np.isinf(X) & self.infinite)
        if self.limit is not None:
            held &= ~(finite & (np.abs(X) > self.limit))
        return np.asarray(held.all(axis=1))


def ask_policy(
    reference: Reference,
    samples: Rows,
    scales: Mapping[str, float],
    *,
    seed: int,
    graph: Graph | None = None,
) -> Policy:
    """Try rows on the estimator until it is known what it takes.

    `graph` is asked as well where a step rounds in a way that no graph repeats: beyond the
    magnitude at which the two part, rows are refused. Any graph is asked whether it overflows
    where scikit-learn does not, as squares of differences do once they are expanded.

    Raises:
        NotExact: it does not agree with itself on magnitudes that the samples have.
    """
    steps = {type(step) for _, step in steps_of(reference.estimator)}
    reach = min((ROUNDS_ITS_OWN_WAY[kind] for kind in steps & set(ROUNDS_ITS_OWN_WAY)), default=0)
    single = reference.tolerance > RELATIVE_TOLERANCE
    if single and not reach:
        reach = _SINGLE_REACH
    overflowing = graph if reference.refusals is None else None
    if not reach:
        graph = None
    probe = _Asked(reference, samples, scales, np.random.default_rng(seed), graph)
    notes: list[str] = []
    nan = probe.takes_everywhere((np.nan,), "NaN", notes)
    infinite = probe.takes_everywhere((np.inf, -np.inf), "an infinity", notes)
    in_trees = is_tree_model(steps_of(reference.estimator)[-1][1])
    asked_alone = graph is None or (single and in_trees)
    limit = probe.limit() if asked_alone else probe.departure(reach)
    reason = "scikit-learn raises, overflows or disagrees with itself "
    reason += "or with the graph " if graph else ""
    far = min((NEIGHBORS[kind] for kind in steps & set(NEIGHBORS)), default=None)
    if far is not None and (limit is None or limit > probe.beyond(far)):
        limit, reason = probe.beyond(far), "rounding orders the neighbours "
    overflow = None if overflowing is None else probe.overflow(overflowing, limit)
    if overflow is not None:
        limit, reason = overflow, "the graph's sums or squares overflow "
    if limit is not None and limit != SINGLE_MAX:
        notes.append(f"rows with |x| > {limit:g} are refused: {reason}beyond")
    policy = Policy(nan, infinite, limit, tuple(notes))
    if not policy.admits(samples).all():
        row = int(np.flatnonzero(~policy.admits(samples))[0])
        raise NotExact(
            "the samples hold values that scikit-learn does not treat alike in every column",
            expected=f"NaN {_allowed(nan)}, infinities {_allowed(infinite)}, |x| <= {limit}",
            actual=f"sample {row}",
            hint="impute or scale these columns before the model",
        )
    return policy


def rounds_its_own_way(reference: Reference) -> bool:
    """Whether a step of it rounds as no graph does, so that the graph is asked as well."""
    return any(type(step) in ROUNDS_ITS_OWN_WAY for _, step in steps_of(reference.estimator))


def _allowed(accepted: bool) -> str:
    return "allowed" if accepted else "refused"


def last_power(holds: Callable[[float], bool], low: int, high: int) -> int:
    """The largest exponent below `high` at whose power of two it still holds, as at `low`."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(2.0**middle) else (low, middle)
    return low


class _Asked:
    def __init__(
        self,
        reference: Reference,
        samples: Rows,
        scales: Mapping[str, float],
        rng: np.random.Generator,
        graph: Graph | None,
    ) -> None:
        self._reference = reference
        scores = [output for output in reference.outputs if output.kind == "score"]
        self._scored = replace(reference, outputs=scores)
        self._graph = graph
        self._scales = scales
        usable = samples[np.isfinite(samples).all(axis=1)]
        self._base = usable[0] if len(usable) else np.zeros(samples.shape[1])
        self._largest = float(np.abs(samples[np.isfinite(samples)]).max(initial=1e-300))
        f = samples.shape[1]
        self._columns = np.sort(rng.permutation(f)[:_COLUMNS])
        # Uneven numbers: products with powers of two round nowhere and would hide rounding.
        even = np.array([[1.0], [-1.0], [0.7310585786300049], [-0.7310585786300049]])
        mixed = rng.choice([-1.0, 1.0], size=(_SIGNED, f)) * rng.uniform(0.5, 1.0, size=(1, f))
        self._whole = np.concatenate([np.repeat(even, f, axis=1), np.sign(mixed), mixed])
        self._mixes = len(steps_of(reference.estimator)) > 1

    def takes_everywhere(self, values: tuple[float, ...], name: str, notes: list[str]) -> bool:
        """Whether each column, several and all of them may hold the values."""
        f = len(self._base)
        several = np.where(np.arange(f) % 2, values[0], self._base)
        every = []
        for value in values:
            rows = np.tile(self._base, (f, 1))
            np.fill_diagonal(rows, value)
            every += [rows, several[None], np.full((1, f), value)]
        if self._answers(np.concatenate(every)) is not None:
            return True
        alone = np.tile(self._base, (f, 1))
        np.fill_diagonal(alone, values[0])
        some = [column for column in self._columns if self._answers(alone[column][None])]
        if some:
            notes.append(f"{name} is refused, though scikit-learn takes it in some columns")
        return False

    def limit(self) -> float | None:
        """The largest |x| that is served, None for no bound."""
        if self._serves(DOUBLE_MAX):
            return None
        if self._serves(SINGLE_MAX) and not self._serves(SINGLE_MAX * (1 + 2.0**-20)):
            return SINGLE_MAX
        low = int(np.ceil(np.log2(self._largest)))
        if low >= _TOP_EXPONENT or not self._serves(2.0**low):
            return self._largest
        answered = last_power(self._is_finite, low, _TOP_EXPONENT + 1)
        # Rows alone are dear to ask about: first at the largest that are answered at all.
        if not self._serves(2.0**answered):
            answered = last_power(self._serves, low, answered)
        return max(2.0**answered / self._safety(), self._largest)

    def beyond(self, exponent: int) -> float:
        """The samples' largest |x|, that many powers of two up."""
        return float(2.0 ** min(np.ceil(np.log2(self._largest)) + exponent, _TOP_EXPONENT))

    def departure(self, reach: int) -> float:
        """The first magnitude at which the graph parts, as it may meet scikit-learn again."""
        low = int(np.ceil(np.log2(self._largest)))
        high = min(low + reach, _TOP_EXPONENT)
        for exponent in range(low, high, _STRIDE):
            if not self._serves(2.0**exponent):
                return max(2.0 ** (exponent - _STRIDE) / self._safety(), self._largest)
        return float(2.0**high)

    def overflow(self, graph: Graph, limit: float | None) -> float | None:
        """The largest |x| at which the graph's scores and sums of products are finite.

        None where they are at `limit` as well.
        """
        top = DOUBLE_MAX if limit is None else limit
        if not self._overflows(graph, top):
            return None
        # The logarithm of the largest double is rounded up to 1024.
        low = int(np.ceil(np.log2(self._largest)))
        high = min(int(np.floor(np.log2(top))), _TOP_EXPONENT) + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._overflows(graph, 2.0**middle) else (middle, high)
        return min(max(float(2.0**low) / self._safety(), self._largest), top)

    def _overflows(self, graph: Graph, size: float) -> bool:
        """Whether a score of the graph, or a sum on the way to it, is not finite where
        scikit-learn's score is."""
        rows = self._rows_of_size(size)
        want = self._answers(rows)
        if want is None:
            return False
        if self._finite(want) and not graph.keeps_products_finite(rows):
            return True
        got = graph.run(rows)
        return any(
            bool((np.isfinite(want[output.name]) & ~np.isfinite(got[output.name])).any())
            for output in self._reference.outputs
            if output.kind == "score"
        )

    def _safety(self) -> float:
        """Rows of one sign pattern were tried, and others may add up to f times as much."""
        return float(2.0 ** np.ceil(np.log2(2 * len(self._base))))

    def _is_finite(self, size: float) -> bool:
        together = self._answers(self._rows_of_size(size))
        return together is not None and self._finite(together)

    def _serves(self, size: float) -> bool:
        rows = self._rows_of_size(size)
        together = self._answers(rows)
        if together is None or not self._finite(together):
            return False
        try:
            alone = self._scored.one_by_one(rows[: len(self._whole)])
        except Exception:  # a sum that overflows is an infinity in one order, and NaN in another
            return False
        if self._graph is not None and not self._agree(self._graph.run(rows), together):
            return False
        return self._agree(alone, together)

    def _agree(self, got: Answers, want: Answers) -> bool:
        """Whether all scores of the first rows are the same, as many rows as `got` has."""
        for output in self._reference.outputs:
            if output.kind == "score":
                found = got[output.name]
                expected = want[output.name][: len(found)]
                difference = score_difference(found, expected, self._scales[output.name])
                if (difference > self._reference.tolerance).any():
                    return False
        return True

    def _rows_of_size(self, size: float) -> Rows:
        single = np.tile(self._base, (2 * len(self._columns), 1))
        at = np.arange(len(self._columns))
        single[at, self._columns] = size
        single[at + len(at), self._columns] = -size
        return np.concatenate([self._whole * size, single])

    def _finite(self, answers: Answers) -> bool:
        return all(
            bool(np.isfinite(answers[output.name]).all())
            for output in self._reference.outputs
            if output.kind == "score"
        )

    def _answers(self, rows: Rows) -> Answers | None:
        """What scikit-learn says, None where it raises."""
        try:
            return self._reference.answers(rows)
        except Exception:  # whatever an estimator raises on a row means that it is not served
            return None
