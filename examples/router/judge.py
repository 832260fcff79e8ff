"""Rows to verdicts, in batches: of flows, of their sources, and with reasons."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from examples.router.addresses import flow_of
from examples.router.caught import AMONG, STRIKES, Caught
from examples.router.flows.hosts import host_of
from examples.router.scoring import MALICIOUS, Scorer
from examples.router.verdicts import Verdict, is_left_out
from examples.router.why import MOST_TOLD, SECOND, UNTOLD, UNTOLD_KIND, Kind, Told, Why

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge_infer import Model
    from examples.router.flows import Due, JudgedFlow

UNSEEN = {
    "inferred": "its opening was not seen: an answer names the source",
    "unknown": "its opening was not seen: the source may be the side that answers",
}
ORDINARY = ["the score is under the model's operating point"]
BY_SOURCE = [
    f"its source had {STRIKES} flows within a minute that the model calls malicious, among its "
    f"latest {AMONG}"
]
NS = 1_000_000_000


class Judged(NamedTuple):
    """A verdict, and where it stands: a flow has one that ended it and one that is final.

    Mostly they are the same. A benign flow's final one follows later: its source may be caught.
    """

    verdict: Verdict
    ended: bool
    """The flow is over, and this is what the model says of it."""

    final: bool
    """No other one of this flow follows."""

    @property
    def is_own(self) -> bool:
        """The model's own, given at once, and not a final one that only follows it."""
        return self.ended or not self.final


class Judge:
    """Asks one model. A flow that was malicious once stays so; its highest score counts."""

    def __init__(self, model: Model) -> None:
        """Begin with a model.

        Raises:
            Incompatible: its columns, its classes or its verbs are others.
        """
        self._ask = Scorer(model)
        self._why = Why(self._ask.scores)
        self._told = Told()
        self._caught = Caught()
        self._clock_ns = 0
        self.seconds = 0.0
        self.rows = 0

    def __call__(self, due: Sequence[Due]) -> Iterator[Judged]:
        """The verdicts of flows that ended or that turned out malicious, in their order.

        Between them the final verdicts of flows that ended before.
        """
        if not due:
            return
        began = perf_counter()
        scores, labels = self._ask([one.row for one in due])
        self.seconds += perf_counter() - began
        self.rows += len(due)
        sources = [host_of(one.flow.key[0], one.flow.key[4]) for one in due]
        kinds = self._kinds(due, sources, scores, labels)
        judged = zip(due, sources, scores, labels, strict=True)
        for at, (one, source, score, label) in enumerate(judged):
            flow = one.flow
            self._clock_ns = max(self._clock_ns, one.seen_ns)
            is_new = False
            if label == MALICIOUS and not flow.is_malicious:
                flow.is_malicious = is_new = True
            if score > flow.score:
                flow.score = score
                if flow.is_malicious:
                    flow.reasons = self._reasons(one, source, score, kinds.get(at))
            if one.ended or is_new:
                yield from self._with_source(one, source, _verdict(flow, one))
            elif label == MALICIOUS:
                yield from self._over()
                yield from self._struck(one, source)

    def _kinds(
        self,
        due: Sequence[Due],
        sources: Sequence[int],
        scores: Sequence[float],
        labels: Sequence[str],
    ) -> dict[int, Kind]:
        """The kinds of most rows that are to be explained, by their place, ranked all at once."""
        places: list[int] = []
        explained: dict[tuple[int, int], int] = {}
        second = 0
        for at, (one, score, label) in enumerate(zip(due, scores, labels, strict=True)):
            if label != MALICIOUS or score <= one.flow.score:
                continue
            second = max(second, one.seen_ns // SECOND)
            of_second = sources[at], second
            number = explained.get(of_second, 0)
            if number < MOST_TOLD:
                explained[of_second] = number + 1
                places.append(at)
        kinds = self._why.kinds([due[at].row for at in places], [scores[at] for at in places])
        return dict(zip(places, kinds, strict=True))

    def _reasons(self, due: Due, source: int, score: float, kind: Kind | None) -> list[str]:
        """Of the row; where there is no room for it, those that its flow was given before."""
        told, before = self._told, due.flow.reasons
        if not told.has_room(source, self._clock_ns):
            return UNTOLD if is_left_out(before) else before
        if kind is None:
            (kind,) = self._why.kinds([due.row], [score])
        if told.takes(source, kind):
            return self._why(due.row, kind)
        return UNTOLD_KIND if is_left_out(before) else before

    def end(self) -> Iterator[Judged]:
        """Nothing more comes of these flows; the next ones may have another clock."""
        for verdict in self._caught.end():
            yield Judged(verdict, ended=False, final=True)
        self._clock_ns = 0
        self._told = Told()

    def passed(self, ns: int) -> Iterator[Judged]:
        """The final verdicts of flows that have waited long enough when so much time has passed.

        A length of time, and no time of day, which the host's clock may have wrong by years.
        """
        self._clock_ns += ns
        yield from self._over()

    def _over(self) -> Iterator[Judged]:
        for verdict in self._caught.over(self._clock_ns):
            yield Judged(verdict, ended=False, final=True)

    def _with_source(self, due: Due, source: int, verdict: Verdict) -> Iterator[Judged]:
        """A verdict, or one that waits, and what it tells of the source's other flows."""
        caught, now = self._caught, self._clock_ns
        if caught.is_over(now):
            yield from self._over()
        if verdict.verdict == MALICIOUS or verdict.opening != "seen":
            yield Judged(verdict, due.ended, final=due.ended)
            if verdict.verdict == MALICIOUS:
                yield from self._struck(due, source)
            return
        yield Judged(verdict, ended=True, final=False)
        caught.benign(source)
        if caught.holds(source, now):
            yield Judged(_by_source(verdict), ended=False, final=True)
        else:
            caught.wait(source, verdict, now)

    def _struck(self, due: Due, source: int) -> Iterator[Judged]:
        """The model calls a flow malicious: flows of its source that waited may be so too."""
        if due.opening == "seen":
            key, first_ns = due.flow.key, due.flow.first_ns
            for verdict in self._caught.strike(source, (key, first_ns), self._clock_ns):
                yield Judged(_by_source(verdict), ended=False, final=True)


def _verdict(flow: JudgedFlow, due: Due) -> Verdict:
    ends = flow_of(flow.key)
    why = flow.reasons if flow.is_malicious else ORDINARY
    if due.opening != "seen" and flow.is_malicious:
        why = [*why, UNSEEN[due.opening]]
    verdict = "malicious" if flow.is_malicious else "benign"
    latency_ms = (perf_counter() - due.asked) * 1000.0
    return Verdict._make((  # in half the time that names take
        ends, flow.first_ns / NS, due.last_ns / NS, flow.score, verdict, why, latency_ms, ends[0],
        due.opening, "model",
    ))  # fmt: skip


def _by_source(verdict: Verdict) -> Verdict:
    return verdict._replace(verdict=MALICIOUS, why=BY_SOURCE, by="source")
