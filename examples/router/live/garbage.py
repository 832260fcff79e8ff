"""When Python looks for garbage: between packets, not while they wait."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUIET_SECONDS, MOST_SECONDS = 1.0, 10.0
"""Where nothing waits it is looked for so often; where something always does, so seldom."""

YOUNG = 1
"""The generation up to which: what is old was there before the first packet, or is a flow."""


@contextmanager
def collected_between() -> Iterator[Callable[[bool], None]]:
    """Garbage is collected when the function that this gives is called, told whether packets wait.

    Else Python looks through thousands of flows whenever some hundreds were made, which takes
    milliseconds, and packets wait meanwhile. What is there at the start is never looked through.
    """
    was_enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    last = monotonic()

    def look(waits: bool) -> None:
        nonlocal last
        now = monotonic()
        if now - last >= (MOST_SECONDS if waits else QUIET_SECONDS):
            gc.collect(YOUNG)
            last = monotonic()

    try:
        yield look
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()
