"""Rows to verdicts, in batches: the model's own probability and the model's own label."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from edge_infer import Incompatible
from examples.router.addresses import flow_of
from examples.router.caught import AMONG, STRIKES, Caught
from examples.router.features import NAMES, Row
from examples.router.flows.hosts import host_of
from examples.router.verdicts import Verdict
from examples.router.why import MOST_TOLD, UNTOLD, UNTOLD_KIND, Kind, Told, Why, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge_infer import Model
    from examples.router.flows import Due, JudgedFlow

MALICIOUS: Final = "malicious"
CLASSES = ["benign", MALICIOUS]
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
THRESHOLD = "sklearn.model_selection.FixedThresholdClassifier"
"""Its label is malicious from a score on, so that most scores tell the label without asking."""


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


class _Known:
    """Where the model's operating point lies, as its own labels have shown until now."""

    def __init__(self) -> None:
        self.benign = -1.0
        self.malicious = 2.0

    def add(self, score: float, label: str) -> None:
        """The model gave a row of this score that label."""
        if label == MALICIOUS:
            self.malicious = min(self.malicious, score)
        else:
            self.benign = max(self.benign, score)


class Judge:
    """Asks one model. A flow that was malicious once stays so; its highest score counts."""

    def __init__(self, model: Model) -> None:
        check_model(model)
        self._model = model
        self._column = CLASSES.index(MALICIOUS)
        self._as_rows = _packer()
        self._why = Why(lambda rows: self._scores(self._as_rows(rows)))
        self._told = Told()
        self._has_threshold = model.contract.source.estimator == THRESHOLD
        self._known = _Known()
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
        kinds = self._kinds(due, scores, labels)
        for at, (one, score, label) in enumerate(zip(due, scores, labels, strict=True)):
            flow = one.flow
            self._clock_ns = max(self._clock_ns, one.seen_ns)
            is_new = False
            if label == MALICIOUS and not flow.is_malicious:
                flow.is_malicious = is_new = True
            if score > flow.score:
                flow.score = score
                if flow.is_malicious:
                    flow.reasons = self._reasons(one, kinds.get(at))
            if one.ended or is_new:
                yield from self._with_source(one, _verdict(flow, one))
            elif label == MALICIOUS:
                yield from self.over(self._clock_ns)
                yield from self._struck(one)

    def _kinds(
        self, due: Sequence[Due], scores: Sequence[float], labels: Sequence[str]
    ) -> dict[int, Kind]:
        """The kinds of the rows that may be explained, by their place, ranked all at once."""
        kinds, of_source = {}, Counter[int]()
        for at, (one, score, label) in enumerate(zip(due, scores, labels, strict=True)):
            if score > one.flow.score and (label == MALICIOUS or one.flow.is_malicious):
                source = _source(one)
                of_source[source] += 1
                if of_source[source] <= MOST_TOLD:
                    kinds[at] = kind_of(one.row)
        self._why.learn(kinds.values())
        return kinds

    def _reasons(self, due: Due, kind: Kind | None) -> list[str]:
        source, told = _source(due), self._told
        if not told.has_room(source, self._clock_ns):
            return UNTOLD
        kind = kind or kind_of(due.row)
        return self._why(due.row, kind) if told.takes(source, kind) else UNTOLD_KIND

    def end(self) -> Iterator[Judged]:
        """Nothing more comes of these flows; the next ones may have another clock."""
        for verdict in self._caught.end():
            yield Judged(verdict, ended=False, final=True)
        self._clock_ns = 0
        self._told = Told()

    def over(self, now_ns: int) -> Iterator[Judged]:
        """The final verdicts of flows that have waited long enough by a clock that was told."""
        self._clock_ns = max(self._clock_ns, now_ns)
        for verdict in self._caught.over(self._clock_ns):
            yield Judged(verdict, ended=False, final=True)

    def _with_source(self, due: Due, verdict: Verdict) -> Iterator[Judged]:
        """A verdict, or one that waits, and what it tells of the source's other flows."""
        caught, source, now = self._caught, _source(due), self._clock_ns
        yield from self.over(now)
        if verdict.verdict == MALICIOUS or verdict.opening != "seen":
            yield Judged(verdict, due.ended, final=due.ended)
            if verdict.verdict == MALICIOUS:
                yield from self._struck(due)
            return
        yield Judged(verdict, ended=True, final=False)
        caught.benign(source)
        if caught.holds(source, now):
            yield Judged(_by_source(verdict), ended=False, final=True)
        else:
            caught.wait(source, verdict, now)

    def _struck(self, due: Due) -> Iterator[Judged]:
        """The model calls a flow malicious: flows of its source that waited may be so too."""
        if due.opening == "seen":
            key, first_ns = due.flow.key, due.flow.first_ns
            for verdict in self._caught.strike(_source(due), (key, first_ns), self._clock_ns):
                yield Judged(_by_source(verdict), ended=False, final=True)

    def _ask(self, rows: Sequence[Row]) -> tuple[Sequence[float], Sequence[str]]:
        """Probabilities of malice and labels, `(n,)` each, as plain Python values."""
        X = self._as_rows(rows)
        scores = self._scores(X)
        if not self._has_threshold:
            return scores, self._labels(X)
        known = self._known
        asked = [at for at, score in enumerate(scores) if known.benign < score < known.malicious]
        if asked:
            picked = [X[at] for at in asked] if isinstance(X, list) else X[asked]
            for at, label in zip(asked, self._labels(picked), strict=True):
                known.add(scores[at], label)
        least = known.malicious
        return scores, [MALICIOUS if score >= least else CLASSES[0] for score in scores]

    def _labels(self, X: Any) -> Sequence[str]:
        labels = self._model.predict(X)
        return labels if isinstance(labels, list) else labels.tolist()

    def _scores(self, X: Any) -> Sequence[float]:
        found = self._model.predict_proba(X)
        if isinstance(found, list):
            return [both[self._column] for both in found]
        scores: list[float] = found[:, self._column].tolist()
        return scores


def check_model(model: Model) -> None:
    """Refuse a model of other rows than the flow table gives.

    Raises:
        Incompatible: its columns, its classes or its verbs are others.
    """
    columns = model.inputs[0].columns
    if columns is None or tuple(columns) != NAMES:
        found = "columns without names" if columns is None else _difference(tuple(columns))
        raise Incompatible(
            "the bundle's model was trained on other features",
            expected=f"the {len(NAMES)} columns of examples.router.features",
            actual=found,
            hint="train it with python -m examples.router train",
        )
    classes = model.classes
    if classes is None or list(classes) != CLASSES or "predict_proba" not in model.verbs:
        raise Incompatible(
            "the bundle's model does not tell benign from malicious",
            expected="a classifier of 'benign' and 'malicious' with probabilities",
            actual=f"classes {None if classes is None else list(classes)}",
            hint="train it with python -m examples.router train",
        )


def _difference(columns: tuple[str, ...]) -> str:
    unknown = [name for name in columns if name not in NAMES]
    missing = [name for name in NAMES if name not in columns]
    parts = [f"unknown {', '.join(unknown[:5])}"] if unknown else []
    parts += [f"missing {', '.join(missing[:5])}"] if missing else []
    return "; ".join(parts) or "the same columns in another order"


def _verdict(flow: JudgedFlow, due: Due) -> Verdict:
    ends = flow_of(flow.key)
    why = flow.reasons if flow.is_malicious else ORDINARY
    if due.opening != "seen" and flow.is_malicious:
        why = [*why, UNSEEN[due.opening]]
    return Verdict(
        flow=ends,
        first=flow.first_ns / NS,
        last=due.last_ns / NS,
        score=flow.score,
        verdict="malicious" if flow.is_malicious else "benign",
        why=why,
        latency_ms=(perf_counter() - due.asked) * 1000.0,
        source=ends[0],
        opening=due.opening,
    )


def _source(due: Due) -> int:
    return host_of(due.flow.key[0], due.flow.key[4])


def _by_source(verdict: Verdict) -> Verdict:
    return replace(verdict, verdict=MALICIOUS, why=BY_SOURCE, by="source")


def _packer() -> Any:
    """Rows as the engine takes them fastest: one array where numpy is installed."""
    try:
        import numpy as np
    except ImportError:
        return lambda rows: [list(row) for row in rows]
    f = len(NAMES)

    def pack(rows: Sequence[Row]) -> Any:
        if type(rows[0]) is memoryview:
            return np.frombuffer(b"".join(rows)).reshape(len(rows), f)  # type: ignore[arg-type]
        flat = np.fromiter(chain.from_iterable(rows), np.float64, len(rows) * f)
        return flat.reshape(len(rows), f)

    return pack
