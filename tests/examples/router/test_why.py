"""A reason is what the score rests on: each is asked of the model, none is made up."""

from __future__ import annotations

from examples.router.features import FEATURES, NAMES, Row
from examples.router.why import MOST, MOST_TOLD, REASONS, Told, Why

QUIET = tuple(one.ordinary for one in FEATURES)
HOSTS, PORTS = NAMES.index("recent_hosts"), NAMES.index("recent_ports")
NAME = NAMES.index("dns_name")


def with_values(**values: float) -> Row:
    row = list(QUIET)
    for name, value in values.items():
        row[NAMES.index(name)] = value
    return tuple(row)


def test_the_feature_that_makes_the_score_is_the_reason() -> None:
    why = Why(lambda rows: [0.9 if row[NAME] > 100 else 0.1 for row in rows])
    row = with_values(dns_name=180.0, recent_hosts=300.0)
    assert why(row, 0.9) == ["names of 180 bytes, 0 different characters in a label"]


def test_reasons_that_say_the_same_are_not_lost_to_one_another() -> None:
    """With either of the two gone the other holds the score up."""
    why = Why(lambda rows: [0.9 if row[NAME] > 100 or row[HOSTS] > 100 else 0.1 for row in rows])
    found = why(with_values(dns_name=180.0, recent_hosts=300.0), 0.9)
    assert len(found) == 2
    assert any("180 bytes" in text for text in found)
    assert any("300 hosts" in text for text in found)


def test_there_is_always_a_reason_and_never_too_many() -> None:
    assert len(Why(lambda rows: [0.7 for _ in rows])(QUIET, 0.7)) == 1
    steep = Why(lambda rows: [min(sum(row) / 1e4, 1.0) for row in rows])
    assert len(steep(tuple(500.0 for _ in QUIET), 1.0)) <= MOST


def test_a_flood_of_like_flows_asks_once() -> None:
    asked = []
    why = Why(lambda rows: [0.5 for _ in rows if asked.append(1) is None])
    for number in range(100):
        why(with_values(packets_up=float(number)), 0.5)
    assert len(asked) == 2 * len(REASONS) + 1


def test_every_feature_belongs_to_one_reason() -> None:
    named = [name for reason in REASONS for name in reason.features]
    assert sorted(named) == sorted(NAMES)


def test_of_a_flooding_source_so_many_flows_a_second_are_explained() -> None:
    told = Told()
    first = [told.allows(1, 7_000_000_000) for _ in range(MOST_TOLD + 5)]
    assert first == [True] * MOST_TOLD + [False] * 5
    assert told.allows(2, 7_000_000_000), "another source has its own share"
    assert told.allows(1, 8_000_000_000), "and the next second is another one"
