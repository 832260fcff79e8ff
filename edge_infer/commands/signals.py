"""Being asked to end, by SIGTERM or SIGHUP, unwinds as an error does: nothing stays behind."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = ("SIGTERM", "SIGHUP")


@contextlib.contextmanager
def unwound() -> Iterator[None]:
    """Within the block these signals raise `SystemExit(128 + n)`, as a shell reports them.

    A signal that is ignored, as under nohup, or has a handler already keeps it. Python delivers
    signals to the main thread only; in another one the block changes nothing.
    """
    taken = []
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
        taken = [one for one in numbers if signal.getsignal(one) is signal.SIG_DFL]

    def end(number: int, _frame: object) -> None:
        # A second one must not interrupt the cleaning up.
        for one in taken:
            signal.signal(one, signal.SIG_IGN)
        raise SystemExit(128 + number)

    try:
        for one in taken:
            signal.signal(one, end)
        yield
    finally:
        for one in taken:
            signal.signal(one, signal.SIG_DFL)
