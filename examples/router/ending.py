"""How a program of this package ends: asked to by a signal, refused, or with its reader gone."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Self

from edge_infer import EdgeInferError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Each of them asks for the end: a terminal that is closed says SIGHUP."""

LOOK_SECONDS = 0.1
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
INTERRUPTED = 130


class Stop:
    """Whether a signal has asked for the end.

    It is only noted, however many come: an exception would come anywhere, between a table of bans
    that was made and the line that remembers to undo it, or in the midst of undoing it.
    """

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> Self:
        """Note signals from now on; one that is ignored, as SIGHUP is under nohup, stays so."""
        for number in SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._ask)
        return self

    def wait(self, seconds: float) -> None:
        """Let so many seconds pass, fewer where the end is asked for."""
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))

    def _ask(self, number: int, frame: object) -> None:
        del number, frame
        self.asked = True


def exit_status(program: Callable[[], int]) -> int:
    """Run a program; its exit status, or that of what ended it, of which an error is told."""
    try:
        status = program()
        sys.stdout.flush()
    except EdgeInferError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        if isinstance(error, BrokenPipeError) or error.errno == errno.EIO:
            # Whoever read the output has enough, or its terminal was closed.
            _give_up_output()
            return 0
        if error.errno not in FULL:
            raise
        _give_up_output()
        print(f"Unavailable: the output cannot be written: {error.strerror}", file=sys.stderr)
        print("  to do:    make room, or send it elsewhere", file=sys.stderr)
        return Unavailable.exit_code
    return status


def _give_up_output() -> None:
    """What Python still holds for the output must not complain again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
