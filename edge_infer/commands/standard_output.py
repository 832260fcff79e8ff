"""Standard output, which may not take what is printed: its disk is full, or its reader left."""

from __future__ import annotations

import os
import sys


class Refused(Exception):
    """Standard output does not take it; the cause is in `error`."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def say(text: object) -> None:
    """Print one line.

    Raises:
        Refused: standard output does not take it.
    """
    try:
        print(text)
    except OSError as error:
        raise Refused(error) from error


def flush() -> None:
    """Write out what was printed, here rather than at the interpreter's end.

    Raises:
        Refused: standard output does not take it.
    """
    if sys.stdout is None:  # it was closed before the start
        return
    try:
        sys.stdout.flush()
    except OSError as error:
        raise Refused(error) from error


def silence() -> None:
    """Let the rest go nowhere: Python would complain once more when it flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
