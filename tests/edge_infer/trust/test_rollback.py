"""What may be installed over what, and when: downgrades, stolen keys, broken clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.errors import BadInput, Incompatible, Untrusted
from edge_infer.trust.moments import PLAUSIBLE, parse_moment, time_at_least
from edge_infer.trust.pins import PUBLISHER, REVOKER, TRAINER, Pin, Pins
from edge_infer.trust.revocation import revoke
from edge_infer.trust.rollback import (
    MAX_SEQUENCE,
    Floor,
    Memory,
    Release,
    decide_install,
    effective_floor,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@pytest.fixture
def pin(fleet: Any) -> Pin:
    return Pin(fleet.public, "fleet", frozenset({PUBLISHER}))


@pytest.fixture
def other(stranger: Any) -> Pin:
    return Pin(stranger.public, "next", frozenset({PUBLISHER}))


def release(pin: Pin, sequence: int, **fields: Any) -> Release:
    values = {"sha256": f"hash {sequence}", "created": NOW, "expires": None, **fields}
    return Release(pin, sequence, **values)


def install(memory: Memory, pins: Pins, *releases: Release, clock: datetime = NOW) -> Memory:
    for one in releases:
        memory = decide_install(one, memory, pins, clock=clock)
    return memory


def test_each_later_release_is_installed(pin: Pin) -> None:
    memory = install(Memory(), Pins((pin,)), release(pin, 1), release(pin, 2), release(pin, 9))
    assert memory.floors == {pin.key.fingerprint: Floor(9, "hash 9")}


def test_downgrade(pin: Pin) -> None:
    memory = install(Memory(), Pins((pin,)), release(pin, 9))
    with pytest.raises(Untrusted, match="older than one that was installed"):
        install(memory, Pins((pin,)), release(pin, 8))


def test_same_sequence_with_another_hash(pin: Pin) -> None:
    memory = install(Memory(), Pins((pin,)), release(pin, 9))
    with pytest.raises(Untrusted, match="took the number 9"):
        install(memory, Pins((pin,)), release(pin, 9, sha256="other"))


def test_interrupted_install_is_repeated(pin: Pin) -> None:
    memory = install(Memory(), Pins((pin,)), release(pin, 9))
    assert install(memory, Pins((pin,)), release(pin, 9)) == memory


def test_old_release_of_the_old_key_after_a_rotation(pin: Pin, other: Pin) -> None:
    """A floor per key alone would let the old key's last release back in."""
    both = Pins((pin, other))
    memory = install(Memory(), both, release(pin, 9), release(other, 12))
    with pytest.raises(Untrusted, match="older"):
        install(memory, both, release(pin, 9))
    assert install(memory, both, release(other, 12)) == memory


def test_a_stolen_keys_largest_sequence_does_not_block_recovery(
    pin: Pin, other: Pin, fleet: Any
) -> None:
    both = Pins((pin, other))
    memory = install(Memory(), both, release(other, 12), release(pin, MAX_SEQUENCE))
    with pytest.raises(Untrusted):
        install(memory, both, release(other, 13))
    made = revoke(pin.key.fingerprint, key=fleet.private)
    recovered = Pins((pin, other), revocations=(made,))
    after = install(memory, recovered, release(other, 13))
    assert effective_floor(after, recovered) == Floor(13, "hash 13")
    with pytest.raises(Untrusted, match="may publish nothing"):
        install(after, recovered, release(pin, MAX_SEQUENCE))
    assert install(memory, Pins((other,)), release(other, 13)).floors[other.key.fingerprint]


def test_signed_rollback(pin: Pin) -> None:
    pins = Pins((pin,))
    back = release(pin, 7, may_replace=9)
    memory = install(Memory(), pins, release(pin, 9), back)
    assert install(memory, pins, back) == memory, "repeating it is harmless"
    with pytest.raises(Untrusted):
        install(memory, pins, release(pin, 9))  # the release that was rolled back
    with pytest.raises(Untrusted):
        install(memory, pins, release(pin, 8))
    later = install(memory, pins, release(pin, 10))
    with pytest.raises(Untrusted):
        install(later, pins, back)  # no way back from what came after


@pytest.mark.parametrize("roles", [{TRAINER}, {REVOKER}])
def test_another_role_publishes_nothing(fleet: Any, roles: set[str]) -> None:
    pin = Pin(fleet.public, "x", frozenset(roles))
    with pytest.raises(Untrusted):
        install(Memory(), Pins((pin,)), release(pin, 1))


@pytest.mark.parametrize("sequence", [0, -1, MAX_SEQUENCE + 1])
def test_a_number_that_is_none(pin: Pin, sequence: int) -> None:
    with pytest.raises(BadInput):
        install(Memory(), Pins((pin,)), release(pin, sequence))


def test_an_expired_release_is_not_installed(pin: Pin) -> None:
    pins, one = Pins((pin,)), release(pin, 1, expires=NOW + DAY)
    assert install(Memory(), pins, one, clock=NOW + DAY - timedelta(seconds=1)).floors
    with pytest.raises(Incompatible, match="expired"):
        install(Memory(), pins, one, clock=NOW + DAY)


def test_a_clock_set_back_does_not_bring_an_expired_release_back(pin: Pin) -> None:
    pins = Pins((pin,))
    memory = install(Memory(), pins, release(pin, 1), clock=NOW + 5 * DAY)
    expired = release(pin, 2, expires=NOW + DAY)
    with pytest.raises(Incompatible, match="expired"):
        install(memory, pins, expired, clock=datetime(1970, 1, 1, tzinfo=UTC))


def test_a_release_signed_after_its_own_expiry(pin: Pin) -> None:
    with pytest.raises(Incompatible, match="expired"):
        install(Memory(), Pins((pin,)), release(pin, 1, expires=NOW), clock=NOW - 400 * DAY)


@pytest.mark.parametrize("year", [1970, 2106])
def test_a_broken_clock_blocks_nothing(pin: Pin, year: int) -> None:
    pins, clock = Pins((pin,)), datetime(year, 2, 7, tzinfo=UTC)
    memory = install(Memory(), pins, release(pin, 1, expires=NOW + DAY), clock=clock)
    assert memory.last_seen == NOW
    assert install(memory, pins, release(pin, 2, expires=NOW + DAY)).last_seen == NOW


def test_a_key_publishes_within_its_validity_only(fleet: Any) -> None:
    pin = Pin(fleet.public, "f", frozenset({PUBLISHER}), NOW - DAY, NOW + DAY)
    assert install(Memory(), Pins((pin,)), release(pin, 1)).floors
    assert install(Memory(), Pins((pin,)), release(pin, 1), clock=NOW - 9000 * DAY).floors
    for created, clock in [(NOW - 2 * DAY, NOW - 2 * DAY), (NOW, NOW + DAY), (NOW + DAY, NOW)]:
        with pytest.raises(Untrusted, match="validity"):
            install(Memory(), Pins((pin,)), release(pin, 1, created=created), clock=clock)


@given(clock=MOMENTS, seen=st.none() | MOMENTS, signed=MOMENTS)
def test_time_never_goes_back_and_never_leaps(
    clock: datetime, seen: datetime | None, signed: datetime
) -> None:
    found = time_at_least(clock=clock, last_seen=seen, signed=signed)
    known = max(signed, seen or signed)
    assert known <= found <= known + PLAUSIBLE
    assert found in (clock, known)
    assert found == clock or clock < known or clock > known + PLAUSIBLE


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 6), st.integers(1, 2)), max_size=12))
def test_no_order_of_releases_lowers_the_floor(steps: list[tuple[bool, int, int]]) -> None:
    from edge_infer.trust.keys import PublicKey
    from edge_infer.trust.p256 import G, P

    two = tuple(Pin(PublicKey(*point)) for point in (G, (G[0], P - G[1])))
    pins, memory, highest = Pins(two), Memory(), 0
    for first, sequence, variant in steps:
        one = release(two[first], sequence, sha256=f"{sequence}/{variant}/{first}")
        try:
            memory = install(memory, pins, one)
        except Untrusted:
            continue
        assert sequence >= highest
        highest = sequence
    floor = effective_floor(memory, pins)
    assert (floor.sequence if floor else 0) == highest


@pytest.mark.parametrize("text", ["", "never", "2030-01-01T00:00:00", "2030-13-01T00:00:00+00:00"])
def test_a_moment_without_meaning(text: str) -> None:
    with pytest.raises(Incompatible):
        parse_moment(text, what="it")
