"""A reason is what the score rests on: each is asked of the model, none is made up."""

from __future__ import annotations

from random import Random

from examples.router.features import FEATURES, NAMES, Row
from examples.router.reasons import REASONS, told
from examples.router.why import (
    MOST,
    MOST_KINDS,
    MOST_REMEMBERED,
    MOST_TOLD,
    Told,
    Why,
    kind_of,
    own_kind,
)

QUIET = tuple(one.ordinary for one in FEATURES)
HOSTS, PORTS = NAMES.index("recent_hosts"), NAMES.index("recent_ports")
NAME = NAMES.index("dns_name")


def with_values(**values: float) -> Row:
    row = list(QUIET)
    for name, value in values.items():
        row[NAMES.index(name)] = value
    return tuple(row)


def reasons(why: Why, row: Row) -> list[str]:
    (score,) = why._scores([row])
    (kind,) = why.kinds([row], [score])
    return why(row, kind)


def test_the_feature_that_makes_the_score_is_the_reason() -> None:
    why = Why(lambda rows: [0.9 if row[NAME] > 100 else 0.1 for row in rows])
    row = with_values(dns_name=180.0, recent_hosts=300.0)
    assert reasons(why, row) == ["names of 180 bytes, 0 different characters in a label"]


def test_reasons_that_say_the_same_are_not_lost_to_one_another() -> None:
    """With either of the two gone the other holds the score up."""
    why = Why(lambda rows: [0.9 if row[NAME] > 100 or row[HOSTS] > 100 else 0.1 for row in rows])
    found = reasons(why, with_values(dns_name=180.0, recent_hosts=300.0))
    assert len(found) == 2
    assert any("180 bytes" in text for text in found)
    assert any("300 hosts" in text for text in found)


def test_there_is_always_a_reason_and_never_too_many() -> None:
    assert len(reasons(Why(lambda rows: [0.7 for _ in rows]), QUIET)) == 1
    steep = Why(lambda rows: [min(sum(row) / 1e4, 1.0) for row in rows])
    assert len(reasons(steep, tuple(500.0 for _ in QUIET))) <= MOST


def test_a_flood_of_like_flows_asks_a_few_times() -> None:
    asked = []
    why = Why(lambda rows: [0.5 for _ in rows if asked.append(1) is None])
    for number in range(2, 1000):
        row = with_values(packets_up=float(number), bytes_up=number * 40.0)
        (kind,) = why.kinds([row], [0.5])
        assert why(row, kind)
    assert len(asked) <= 12 * (2 * len(REASONS) + 2)


def test_flows_of_one_score_have_each_their_own_reasons_whatever_was_explained_before() -> None:
    """Of 18 recordings 12 % of the flows once had the first reason of another flow."""

    def scores(rows: list[Row]) -> list[float]:
        return [0.9 if row[NAME] > 100 or row[HOSTS] > 100 else 0.1 for row in rows]

    rows = [with_values(dns_name=180.0), with_values(recent_hosts=300.0)]
    alone = [reasons(Why(scores), row) for row in rows]
    assert "180 bytes" in alone[0][0]
    assert "300 hosts" in alone[1][0]
    for order in (rows, rows[::-1]):
        why = Why(scores)
        found = {row: reasons(why, row) for row in order}
        assert [found[row] for row in rows] == alone
    together = Why(scores)
    kinds = together.kinds(rows, scores(rows))
    assert [together(row, kind) for row, kind in zip(rows, kinds, strict=True)] == alone


def test_a_row_whose_round_numbers_have_another_score_is_explained_by_its_own() -> None:
    """120 bytes are 64 in round numbers, which the model does not mind."""
    row = with_values(dns_name=120.0)
    found = Why(lambda rows: [0.9 if one[NAME] > 100 else 0.1 for one in rows])
    assert found.kinds([row], [0.9]) == [own_kind(row)] != [kind_of(row)]
    assert reasons(found, row) == ["names of 120 bytes, 0 different characters in a label"]
    steady = Why(lambda rows: [0.9 if one[NAME] > 50 else 0.1 for one in rows])
    assert steady.kinds([row], [0.9]) == [kind_of(row)]


def test_the_last_digits_of_an_engine_do_not_turn_reasons_round() -> None:
    row, found = with_values(dns_name=180.0, recent_hosts=300.0), set()
    for noise in (0.0, 1e-12, -1e-12):
        why = Why(lambda rows, noise=noise: [
            0.1 + 0.4 * (one[NAME] > 100) + (0.4 + noise) * (one[HOSTS] > 100) for one in rows
        ])  # fmt: skip
        found.add(tuple(reasons(why, row)))
    assert len(found) == 1


def test_what_is_remembered_is_bounded_and_forgetting_changes_no_reason() -> None:
    why = Why(lambda rows: [min(sum(row) / 1e6, 1.0) for row in rows])
    random = Random(3)
    rows = [tuple(4.0 ** random.randrange(8) for _ in QUIET) for _ in range(MOST_REMEMBERED + 50)]
    first = [reasons(why, row) for row in rows[:50]]
    for row in rows:
        reasons(why, row)
    assert len(why._ranked) <= MOST_REMEMBERED
    assert len(why._alone) <= 2 * MOST_REMEMBERED
    assert [reasons(why, row) for row in rows[:50]] == first


def test_a_known_kind_is_not_forgotten_with_the_others_while_it_is_asked_for() -> None:
    """Of a thousand captures one had two reasons in another order after eighty others."""

    def scores(rows: list[Row]) -> list[float]:
        return [sum(row) / 1e9 for row in rows]

    random = Random(4)
    rows = [tuple(4.0 ** random.randrange(8) for _ in QUIET) for _ in range(MOST_REMEMBERED)]
    full = Why(scores)
    for row in rows:
        full.learn([kind_of(row)])
    asked = [
        tuple(1.3 * value for value in rows[-1]),
        *(tuple(2.0 + n + value for value in QUIET) for n in range(9)),
    ]
    assert kind_of(asked[0]) == own_kind(rows[-1])
    assert full.kinds(asked, scores(asked)) == Why(scores).kinds(asked, scores(asked))


def test_every_feature_belongs_to_one_reason() -> None:
    named = [name for reason in REASONS for name in reason.features]
    assert sorted(named) == sorted(NAMES)


def test_of_a_flooding_source_so_many_flows_a_second_are_explained() -> None:
    told, kind = Told(), kind_of(QUIET)

    def explained(source: int, second: int) -> bool:
        return told.has_room(source, second * 10**9) and told.takes(source, kind)

    first = [explained(1, 7) for _ in range(MOST_TOLD + 5)]
    assert first == [True] * MOST_TOLD + [False] * 5
    assert explained(2, 7), "another source has its own share"
    assert explained(1, 8), "and the next second is another one"


def test_of_a_flood_in_which_no_flow_is_like_another_so_many_are_explained() -> None:
    told = Told()
    kinds = [own_kind([float(number), *QUIET[1:]]) for number in range(MOST_KINDS + 9)]
    found = [told.has_room(n, 10**9) and told.takes(n, kind) for n, kind in enumerate(kinds)]
    assert found == [True] * MOST_KINDS + [False] * 9
    assert told.takes(1, kinds[0]), "one like those that were"
    assert told.has_room(1, 2 * 10**9)
    assert told.takes(1, kinds[-1])


def test_a_source_gains_no_room_by_many_others_in_its_second() -> None:
    """As a flood from spoofed sources makes them."""
    told, kind = Told(), kind_of(QUIET)

    def explained(source: int) -> bool:
        return told.has_room(source, 10**9) and told.takes(source, kind)

    assert all(explained(0) for _ in range(MOST_TOLD))
    assert sum(explained(source) for source in range(1, 2 * MOST_REMEMBERED)) < MOST_REMEMBERED
    assert not explained(0)


def test_of_a_scan_that_was_refused_nothing_is_said_to_wait() -> None:
    """A handshake that was reset counts as one without an answer: its reasons must allow both."""
    counts = {"half_open": 300.0, "recent_failed": 300.0, "recent_failed_share": 1.0,
              "recent_turned_away": 300.0}  # fmt: skip
    row = [counts.get(name, 0.0) for name in NAMES]
    said = [told(number, row) for number, _ in enumerate(REASONS)]
    assert [one for one in said if "300" in one] == [
        "300 flows of its source, 100%, got no answer or a refusal",
        "300 flows of its source were refused: reset at once, or unreachable",
        "300 handshakes at its target got no answer or a refusal",
    ]
