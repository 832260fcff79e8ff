"""Python looks for garbage between the packets of an interface, and again as ever afterwards."""

from __future__ import annotations

import gc
import weakref

import pytest

from examples.router.live import garbage
from examples.router.live.garbage import collected_between


class Knot:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [100.0]
    monkeypatch.setattr(garbage, "monotonic", lambda: clock[0])
    return clock


@pytest.mark.parametrize(("waits", "seconds"), [(False, 1.1), (True, 10.1)])
def test_garbage_is_found_at_a_pause_and_not_before(
    waits: bool, seconds: float, now: list[float]
) -> None:
    with collected_between() as look:
        left = weakref.ref(Knot())
        junk = [[n] for n in range(100_000)]  # would make Python look by itself
        del junk
        look(waits)
        assert left() is not None
        now[0] += seconds
        look(waits)
        assert left() is None


def test_python_looks_by_itself_again_whatever_ended_the_watching() -> None:
    def watched() -> None:
        with collected_between():
            assert not gc.isenabled()
            raise KeyboardInterrupt

    assert gc.isenabled()
    with pytest.raises(KeyboardInterrupt):
        watched()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
