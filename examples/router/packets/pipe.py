"""A capture that another program writes into a named pipe, perhaps later."""

from __future__ import annotations

import os
import select
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedReader

QUIET_MS = 500
"""A pipe into which nothing was written for so long is said to be waited for."""


def open_pipe(path: str | os.PathLike[str]) -> BufferedReader:
    """Wait for the first bytes, and say so where they take a while.

    Opened as usual, a pipe without a writer would hold the program up in silence.

    Raises:
        OSError: it cannot be opened.
    """
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        waiting = select.poll()
        waiting.register(opened, select.POLLIN)
        if not waiting.poll(QUIET_MS):
            print(
                f"{path}: waiting for a capture to be written into it", file=sys.stderr, flush=True
            )
            waiting.poll()
        os.set_blocking(opened, True)
        return os.fdopen(opened, "rb")
    except BaseException:
        os.close(opened)
        raise
