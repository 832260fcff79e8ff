"""One graph against one estimator over one set of probes, in every way a row can be run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import NotExact
from convert.prove.certificate import Tally
from convert.prove.compare import Compared, compare, largest, score_difference
from convert.prove.details import Details, Spreading, details
from convert.prove.diagnosis import (
    Departure,
    raised_refusal,
    refusal,
    samples_refusal,
    self_refusal,
    threads_refusal,
)
from convert.prove.donors import LOOSE, STRICT, DonorTies
from convert.prove.engine import LARGE_BATCH
from convert.prove.reference import quiet, steps_of
from convert.prove.rounding import no_band
from convert.prove.rounding.moved import is_continuous
from convert.prove.rounding.terms import rows_of
from convert.prove.threads import divides_among_threads, on_threads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.effort import Effort
    from convert.prove.engine import Graph
    from convert.prove.probes import Probes
    from convert.prove.reference import Answers, Reference
    from convert.prove.rounding import Band, Declared, Rounding
    from edge_infer.contract import Parity

    Rows = NDArray[np.float64]

ODD_BATCHES = (1, 2, 3, 17)
_SUSPECTS = 600


class Case:
    """One graph against one estimator over one set of probes."""

    def __init__(
        self,
        reference: Reference,
        graph: Graph,
        probes: Probes,
        scales: Mapping[str, float],
        rounding: Rounding | Declared,
        effort: Effort,
        *,
        seed: int,
    ) -> None:
        self.reference = reference
        self.graph = graph
        self.probes = probes
        self._scales = scales
        self.rounding = rounding
        self._effort = effort
        self.seed = seed
        try:
            self.want = reference.answers(probes.rows)
        except Exception as error:  # whatever the estimator raises, with no graph to blame
            raise raised_refusal(reference, probes, error) from error
        self.band = rounding.band(probes.rows)
        if rounding.samples_are_decided:
            self.band = self.band.decided_at(probes.kind_of == 0)
        self._tallies = {o.name: Tally(o) for o in reference.outputs}
        self._spreads = {o.name: Spreading(o) for o in reference.outputs}
        self._whole: Answers = {}
        self._excused = {o.name: np.zeros(len(probes.rows), dtype=bool) for o in reference.outputs}
        self._alone = 0

    def check_scikit_learn(self) -> None:
        """Rows alone against rows in the batch, every kind among them; threads where they tell."""
        chosen = self.probes.stratified(self._effort.alone, np.random.default_rng(self.seed))
        alone = self.reference.one_by_one(self.probes.rows[chosen])
        self._ask_about_differences(alone, chosen)
        self._alone = len(chosen)
        want = {name: answer[chosen] for name, answer in self.want.items()}
        for departure in self._departures(alone, want, chosen, "alone", count=False):
            raise self_refusal(departure)
        if divides_among_threads(self.reference.estimator):
            every = np.arange(len(self.probes.rows))
            for count, answers in on_threads(self.reference, self.probes.rows):
                self._ask_about_differences(answers, every)
                way = f"with {count} of OpenMP's threads"
                for departure in self._departures(answers, self.want, every, way, count=False):
                    raise threads_refusal(departure)
        self._check_samples()

    def check_graph(self) -> None:
        """The graph in one batch, in small odd ones, row by row and in the row buffers."""
        rows = self.probes.rows
        whole = self.graph.in_batches(rows, LARGE_BATCH)
        self._check_shapes(whole)
        self._whole = whole
        self._judge(whole, np.arange(len(rows)), f"in batches of {min(LARGE_BATCH, len(rows))}")
        rng = np.random.default_rng(self.seed)
        limit = self._effort.engine
        chosen = self.probes.stratified(limit, rng) if limit < len(rows) else np.arange(len(rows))
        for size in ODD_BATCHES:
            way = "one by one" if size == 1 else f"in batches of {size}"
            self._judge(self.graph.in_batches(rows[chosen], size), chosen, way)
        few = self.probes.stratified(self._effort.row_buffers, rng)
        self._judge(self.graph.in_row_buffers(rows[few]), few, "in row buffers")
        self._check_samples()

    def _check_samples(self) -> None:
        """No prediction of a sample is excused, but where the estimator chooses, as neighbours do.

        What stands beside a label is counted: a clusterer's distance of a sample to itself cancels.
        """
        if not is_continuous(self.reference.estimator):
            return
        samples = self.probes.kind_of == 0
        for output in self.reference.outputs:
            moved = int((self._excused[output.name] & samples).sum())
            if output.kind == "score" and output.verb == "predict" and moved:
                tolerance = self.reference.tolerance
                raise samples_refusal(moved, int(samples.sum()), tolerance)

    def check_refusals(self) -> None:
        """scikit-learn raises on each refused row, and the graph marks just those, in any batch.

        A row that it answers in one way alone and in another beside others may be refused too:
        there is no one answer to match.
        """
        if self.probes.refused is None:
            return
        refused, ties = self.probes.refused, DonorTies(self.reference)
        for row in refused:
            answered = self._is_answered(row[None]) and not self._has_two_answers(row)
            if answered and not ties.hanging(row[None], LOOSE)[0]:
                raise NotExact(
                    "the exported graph refuses a row that scikit-learn answers",
                    expected="an answer",
                    actual=f"the row is refused: {self.reference.shown(row)}",
                )
        hanging = ties.hanging(self.probes.rows, STRICT)
        if hanging.any():
            raise NotExact(
                "the exported graph answers a row that scikit-learn answers otherwise on another "
                "processor",
                expected="the row is refused",
                actual=self.reference.shown(self.probes.rows[hanging.argmax()]),
            )
        few = self.probes.stratified(len(refused), np.random.default_rng(self.seed))
        rows = np.concatenate([refused, self.probes.rows[few]])
        marks = np.arange(len(rows)) < len(refused)
        mixed = np.random.default_rng(self.seed).permutation(len(rows))
        for size in (*ODD_BATCHES, LARGE_BATCH):
            differ = self.graph.refused(rows[mixed], size) != marks[mixed]
            if differ.any():
                raise NotExact(
                    f"the exported graph refuses other rows in batches of {size}",
                    actual=self.reference.shown(rows[mixed][differ.argmax()]),
                )

    def check_empty(self) -> None:
        """No rows at all, where scikit-learn takes that."""
        nothing = self.probes.rows[:0]
        try:
            want = self.reference.answers(nothing)
        except Exception:  # scikit-learn refuses an empty batch, and so does the runtime
            return
        got = self.graph.run(nothing)
        for name, answer in want.items():
            if got[name].shape != answer.shape:
                raise NotExact(
                    f"{name} of an empty batch has another shape",
                    expected=answer.shape,
                    actual=got[name].shape,
                )

    def answers_alike(self, X: Rows, given: Any, got: Answers | None = None) -> bool:
        """Whether scikit-learn answers `given`, the rows X in other dtypes, as the graph does X.

        `got` is what the graph has answered to X already.
        """
        if not len(X):
            return False
        try:
            want = self.reference.answers_of(self.reference.estimator, given)
        except Exception:  # it does not take this dtype, which is an answer too
            return False
        if got is None:
            got = self.graph.in_batches(X, LARGE_BATCH)

        def unlike(band: Band) -> NDArray[np.intp]:
            differ = [
                self._compare(o, got[o.name], want[o.name], band).differ
                for o in self.reference.outputs
            ]
            return np.flatnonzero(np.any(differ, axis=0))

        if not len(unlike(no_band(len(X)))):
            return True
        band = self.rounding.band(X)
        left = unlike(band)
        return not len(left) or not len(unlike(self.rounding.once(band, X, left[:_SUSPECTS])))

    def decided(self) -> NDArray[np.bool_]:
        """Of every probe `(n,)`, whether its answer is decided and nothing was excused there."""
        return ~self.band.undecided & ~self._any_excused()

    def scores_depart(self, got: Answers) -> NDArray[np.bool_]:
        """Of every probe `(n,)`, whether a score of `got` lies beyond the tolerance."""
        depart, band = np.zeros(len(self.probes.rows), dtype=bool), no_band(len(self.probes.rows))
        for output in self.reference.outputs:
            if output.kind == "score":
                name = output.name
                depart |= self._compare(output, got[name], self.want[name], band).differ
        return depart

    def parities(self) -> list[Parity]:
        """One line of the certificate per output."""
        return [
            tally.parity(self.band, self._excused[name]) for name, tally in self._tallies.items()
        ]

    def excused(self) -> int:
        """Probes on which an answer differs, of the graph or of a row alone, and is excused."""
        return int(self._any_excused().sum())

    def details(self) -> Details:
        """What was seen beyond the counts, once `check_graph` has passed."""
        return details(self, [each.spread() for each in self._spreads.values()], self._whole)

    def difference(self, output: EmittedOutput, got: NDArray[Any]) -> NDArray[np.float64]:
        """`(n,)`: how far the scores `got` of all probes lie from scikit-learn's."""
        return score_difference(got, self.want[output.name], self._scales[output.name])

    def notes(self) -> list[str]:
        """How the rounding unit was had, and how many rows scikit-learn was asked one by one."""
        return [
            f"rounding unit: {self.rounding.method}",
            f"scikit-learn compared with itself, row against batch, on {self._alone} rows",
        ]

    def _any_excused(self) -> NDArray[np.bool_]:
        return np.asarray(np.any([*self._excused.values()], axis=0))

    def _compare(
        self, output: EmittedOutput, got: NDArray[Any], want: NDArray[Any], band: Band
    ) -> Compared:
        scale, tolerance = self._scales[output.name], self.reference.tolerance
        return compare(output, got, want, scale=scale, band=band, tolerance=tolerance)

    def _is_answered(self, row: Rows) -> bool:
        try:
            self.reference.as_given(row)
        except Exception:  # any exception of an estimator is its refusal
            return False
        return True

    def _has_two_answers(self, row: Rows) -> bool:
        alone = self.reference.as_given(row[None])
        beside = self.reference.as_given(np.concatenate([row[None], self.probes.rows[:1]]))
        band = self.rounding.band(row[None])
        return self._is_transformed_in_two_ways(row) or any(
            self._compare(o, beside[o.name][:1], alone[o.name], band).differ.any()
            for o in self.reference.outputs
        )

    def _is_transformed_in_two_ways(self, row: Rows) -> bool:
        """The last step may hide it here, as trees do, and not beside other rows."""
        unrepaired = replace(self.reference, refusals=None)
        alone = unrepaired.frame(row[None])
        beside = unrepaired.frame(np.concatenate([row[None], self.probes.rows[:1]]))
        with quiet():
            for _, step in steps_of(self.reference.estimator)[:-1]:
                alone, beside = step.transform(alone), step.transform(beside)
                want, got = rows_of(alone), rows_of(beside)[:1]
                if (score_difference(got, want, largest(want)) > self.reference.tolerance).any():
                    return True
        return False

    def _judge(self, got: Answers, rows: NDArray[np.intp], way: str) -> None:
        self._ask_about_differences(got, rows)
        want = {name: self.want[name][rows] for name in got}
        for departure in self._departures(got, want, rows, way, count=True):
            raise refusal(departure, self.reference)

    def _departures(
        self, got: Answers, want: Answers, rows: NDArray[np.intp], way: str, *, count: bool
    ) -> list[Departure]:
        band = self.band.take(rows)
        found = []
        for output in self.reference.outputs:
            name = output.name
            if name not in got:
                continue
            seen = self._compare(output, got[name], want[name], band)
            if seen.differ.any():
                at = int(seen.differ.argmax())
                found.append(
                    self._departure(output, got[name][at], int(rows[at]), way, seen.differ)
                )
                continue
            if count:
                self._tallies[name].add(seen)
                self._spreads[name].add(seen)
            self._excused[name][rows] |= seen.excused
        return found

    def _departure(
        self,
        output: EmittedOutput,
        got: NDArray[Any],
        row: int,
        way: str,
        differ: NDArray[np.bool_],
    ) -> Departure:
        return Departure(
            output=output,
            kind=self.probes.kinds[self.probes.kind_of[row]],
            way=way,
            row=row,
            x=self.probes.rows[row],
            shown=self.reference.shown(self.probes.rows[row]),
            want=self.want[output.name][row],
            got=got,
            margin=float(self.band.margin[row]),
            unit=float(self.band.unit[row]),
            rows=int(differ.sum()),
        )

    def _ask_about_differences(self, got: Answers, rows: NDArray[np.intp]) -> None:
        """Where terms are not known, ask scikit-learn about the rows that differ."""
        band = self.band.take(rows)
        suspects = np.zeros(len(rows), dtype=bool)
        for output in self.reference.outputs:
            name = output.name
            if name in got:
                suspects |= self._compare(output, got[name], self.want[name][rows], band).differ
        if suspects.any():
            asked = rows[np.flatnonzero(suspects)[:_SUSPECTS]]
            self.band = self.rounding.refine(self.band, self.probes.rows, asked)

    def _check_shapes(self, got: Answers) -> None:
        for output in self.reference.outputs:
            found, want = got[output.name], self.want[output.name]
            dtype = "str" if found.dtype.kind in "OU" else found.dtype.name
            if found.shape != want.shape or dtype != output.dtype:
                raise NotExact(
                    f"{output.verb} of the exported graph has another shape or dtype",
                    expected=f"{want.shape} {output.dtype}",
                    actual=f"{found.shape} {dtype}",
                )
