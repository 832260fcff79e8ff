"""Processor time of a call: what the code costs, whoever else uses the machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 9
ROUND_S = 0.06


def least_us(call: Callable[[], Any]) -> float:
    """Microseconds of the fastest round."""
    start = time.thread_time()
    call()
    once = max(time.thread_time() - start, 1e-7)
    calls = max(1, int(ROUND_S / once))
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.thread_time()
        for _ in range(calls):
            call()
        best = min(best, (time.thread_time() - start) / calls)
    return best * 1e6


def each(call: Callable[[Any], Any], rows: list[Any]) -> Callable[[], None]:
    """Every row once, so that no branch is learnt by heart."""

    def run() -> None:
        for row in rows:
            call(row)

    return run
