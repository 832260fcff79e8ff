"""Caught sources: who shares in it and who does not, in bounded memory, as training counts it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from examples.router import caught as caught_module
from examples.router.bundles import open_judge
from examples.router.caught import AMONG, STRIKES, WINDOW_NS, Caught
from examples.router.flows.due import Due
from examples.router.judge import BY_SOURCE
from examples.router.packets.transport import IPV6_FLAG
from examples.router.training.dataset import Capture, Rows, Told
from examples.router.training.sources import scores_with_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.router.judge import Judge, Judged

SECOND = 1_000_000_000
GUESSER, OTHER = 7, 8


def struck(caught: Caught, flows: range, *, source: int = GUESSER, now: int = 0) -> list[Any]:
    return [one for flow in flows for one in caught.strike(source, flow, now)]


def test_the_waiting_flows_of_a_caught_source_are_given_back_and_no_others() -> None:
    caught = Caught()
    caught.wait(GUESSER, "guess", 0)  # type: ignore[arg-type]
    caught.wait(OTHER, "somebody", 0)  # type: ignore[arg-type]
    assert struck(caught, range(STRIKES - 1)) == []
    assert not caught.holds(GUESSER, 0)
    assert struck(caught, range(STRIKES - 1, STRIKES)) == ["guess"]
    assert caught.holds(GUESSER, 0)
    assert not caught.holds(OTHER, 0)
    assert list(caught.end()) == ["somebody"]
    assert not caught.holds(GUESSER, 0)


def test_one_flow_that_is_called_malicious_again_and_again_catches_nobody() -> None:
    caught = Caught()
    for _ in range(10 * STRIKES):
        assert struck(caught, range(1)) == []
    assert not caught.holds(GUESSER, 0)


def test_a_poller_with_some_false_alarms_among_many_flows_is_not_caught() -> None:
    caught = Caught()
    for number in range(10 * STRIKES):
        for _ in range(AMONG // STRIKES):
            caught.benign(GUESSER)
        caught.wait(GUESSER, "poll", number)  # type: ignore[arg-type]
        assert struck(caught, range(number, number + 1), now=number) == []
        assert not caught.holds(GUESSER, number)


def test_a_caught_source_that_goes_on_harmlessly_is_let_go() -> None:
    caught = Caught()
    struck(caught, range(STRIKES))
    for _ in range(AMONG - STRIKES):
        caught.benign(GUESSER)
        assert caught.holds(GUESSER, 0)
    caught.benign(GUESSER)
    assert not caught.holds(GUESSER, 0)


def test_strikes_and_waiting_end_with_the_window() -> None:
    caught = Caught()
    caught.wait(GUESSER, "old", 0)  # type: ignore[arg-type]
    caught.wait(GUESSER, "new", SECOND)  # type: ignore[arg-type]
    assert struck(caught, range(1), now=0) == []
    late = WINDOW_NS + 1
    assert list(caught.over(late)) == ["old"]
    assert struck(caught, range(1, STRIKES), now=late) == []  # the first strike is too old
    assert struck(caught, range(STRIKES, STRIKES + 1), now=late) == ["new"]
    assert list(caught.end()) == []


def test_memory_stays_bounded_and_no_verdict_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caught_module, "MOST_WAITING", 50)
    monkeypatch.setattr(caught_module, "MOST_SOURCES", 20)
    caught, random, given, waited = Caught(), Random(1), [], []
    for number in range(3000):
        source = random.randrange(60)
        if random.random() < 0.5:
            given += list(caught.over(number))
            caught.wait(source, number, number)  # type: ignore[arg-type]
            waited.append(number)
        else:
            given += struck(caught, range(number, number + 1), source=source, now=number)
        assert len(caught) <= 51
        assert len(caught._sources) <= 20
    given += caught.end()
    assert sorted(given) == waited
    assert not caught._of_source


class Flow(SimpleNamespace):
    """What a judge keeps of a flow."""


def dues(random: Random, flows: int) -> list[tuple[Due, int, float]]:
    """Rows of a few sources with the flow and the score of each, in the order of judging."""
    found, now, open_flows = [], 0, []
    for number in range(flows):
        now += int(random.expovariate(2.0) * SECOND)
        key = (random.randrange(3), 9, 1000 + number, 22, 6)
        flow = Flow(key=key, first_ns=now, is_malicious=False, score=-1.0, reasons=[])
        opening = random.choice(("seen", "seen", "seen", "unknown"))
        open_flows.append((number, flow, opening))
        for one in random.sample(open_flows, min(len(open_flows), random.randrange(3))):
            found.append((one, now, False))
            if random.random() < 0.7:
                open_flows.remove(one)
                found[-1] = (one, now, True)
    found += [(one, now, True) for one in open_flows]
    rows = []
    for (number, flow, opening), seen, ended in found:
        score = round(random.random(), 2)
        rows.append((Due(flow, (score,), ended, 0.0, seen, seen, opening), number, score))
    return rows


def judged(judge: Judge, rows: list[tuple[Due, int, float]], batch: int) -> Iterator[Judged]:
    for start in range(0, len(rows), batch):
        yield from judge([due for due, _, _ in rows[start : start + batch]])
    yield from judge.end()


def judge_at(threshold: float, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """The shipped judge, of rows that are their own score."""
    judge = open_judge(engine="native")

    def ask(rows: list[tuple[float]]) -> tuple[list[float], list[str]]:
        scores = [one for (one,) in rows]
        return scores, ["malicious" if one >= threshold else "benign" for one in scores]

    monkeypatch.setattr(judge, "_ask", ask)
    monkeypatch.setattr(judge, "_reasons", lambda due, source, score, kind: ["a reason"])
    monkeypatch.setattr(judge, "_kinds", lambda due, sources, scores, labels: {})
    return judge


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.9])
def test_training_counts_what_the_judge_says_at_every_operating_point(
    seed: int, threshold: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = dues(Random(seed), 400)
    told = Told(
        np.maximum.accumulate([due.seen_ns for due, _, _ in rows]),
        np.array([due.flow.key[0] for due, _, _ in rows]),
        np.array([due.opening == "seen" for due, _, _ in rows]),
    )
    flow = np.array([number for _, number, _ in rows])
    captures = (Capture("one", Path("one"), "benign", "test"),)
    data = Rows(
        np.zeros((len(rows), 1)), np.zeros(len(rows), int), flow, captures, np.ones(1), told
    )
    expected = scores_with_sources(data, np.array([score for _, _, score in rows])) >= threshold
    own = np.array([score for _, _, score in rows]) >= threshold
    for batch in (1, 37):
        for due, _, _ in rows:
            due.flow.is_malicious, due.flow.score = False, -1.0
        found = list(judged(judge_at(threshold, monkeypatch), rows, batch))
        finals = [one.verdict for one in found if one.final]
        ports = Counter(one.flow[2] - 1000 for one in finals)
        assert ports == Counter(range(400))
        malicious = {one.flow[2] - 1000 for one in finals if one.verdict == "malicious"}
        assert malicious == set(np.flatnonzero(expected))
        shared = {one.flow[2] - 1000 for one in finals if one.why == BY_SOURCE}
        assert shared == malicious - set(flow[own])
        assert sum(one.ended for one in found) == 400
        model_s = {one.verdict.flow[2] - 1000 for one in found if one.is_own and
                   one.verdict.verdict == "malicious"}  # fmt: skip
        assert model_s == set(flow[own]), "what bans is told of the model's own verdicts alone"
    if threshold == 0.5:
        assert shared


def test_a_verdict_that_waited_too_long_is_given_before_its_source_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A flow struck early and again late: the judge, not the strike, gives what is too old."""

    def row(port: int, seconds: int, score: float, *, ended: bool) -> tuple[Due, int, float]:
        now = seconds * SECOND
        return Due(flows[port], (score,), ended, 0.0, now, now, "seen"), port, score

    flows = [
        Flow(key=(1, 9, port, 80, 6), first_ns=1, is_malicious=False, score=-1.0, reasons=[])
        for port in range(STRIKES + 1)
    ]
    rows = [row(0, 10, 0.9, ended=False), row(STRIKES, 80, 0.1, ended=True)]
    rows += [row(port, 110 + port, 0.9, ended=False) for port in range(1, STRIKES)]
    rows += [row(0, 141, 0.9, ended=False)]
    rows += [row(port, 150, 0.1, ended=True) for port in range(STRIKES)]
    found = list(judged(judge_at(0.5, monkeypatch), rows, 1))
    finals = sorted((one.verdict.flow[2], one.verdict.verdict) for one in found if one.final)
    assert finals == [*((port, "malicious") for port in range(STRIKES)), (STRIKES, "benign")]


def test_time_alone_makes_a_verdict_final(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = judge_at(0.5, monkeypatch)
    flow = Flow(key=(1, 9, 7, 80, 6), first_ns=1, is_malicious=False, score=-1.0, reasons=[])
    assert not any(one.final for one in judge([Due(flow, (0.1,), True, 0.0, 1, 1, "seen")]))
    assert list(judge.passed(WINDOW_NS)) == []
    assert [one.verdict.verdict for one in judge.passed(1)] == ["benign"]


def test_an_ipv6_host_of_the_same_number_speaks_for_no_ipv4_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Anybody may write ::192.0.2.1 into a packet; the flows of 192.0.2.1 are not his."""

    def row(number: int, protocol: int, score: float) -> tuple[Due, int, float]:
        key = (1, 9, number, 80, protocol)
        flow = Flow(key=key, first_ns=1, is_malicious=False, score=-1.0, reasons=[])
        return Due(flow, (score,), True, 0.0, SECOND, SECOND, "seen"), number, score

    rows = [row(number, IPV6_FLAG | 6, 0.9) for number in range(STRIKES)]
    rows += [row(STRIKES, 6, 0.1), row(STRIKES + 1, IPV6_FLAG | 6, 0.1)]
    found = list(judged(judge_at(0.5, monkeypatch), rows, 1))
    by_source = [one.verdict.flow[2] for one in found if one.verdict.by == "source"]
    assert by_source == [STRIKES + 1]


def test_the_reason_says_the_whole_rule() -> None:
    (said,) = BY_SOURCE
    assert str(STRIKES) in said
    assert str(AMONG) in said
    assert str(WINDOW_NS // SECOND) == "60"
    assert "within a minute" in said
