"""Output that a reader who stalls cannot hold up: lines are dropped instead, and counted."""

from __future__ import annotations

import io
import os
import select
import sys
import time
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_HELD = 1 << 20
"""Bytes that wait for the reader; of what comes beyond, none is kept."""

OFTEN = 1 << 16
"""Bytes after which it is written without being asked for."""

AT_ONCE = select.PIPE_BUF
"""A pipe that can be written to takes so many bytes without a wait."""

PATIENCE_SECONDS = 1.0
"""How long a full output is waited for in all, until its reader has caught up."""

END_SECONDS = 10.0
"""How long the end waits for a reader who goes on reading."""


class Output(io.TextIOBase):
    """Text to a file descriptor, never waiting long. What is written at once is kept or dropped
    whole.

    The descriptor stays as it is, since others may share it: it is only written to when it takes
    some. A write that has begun to wait could not be ended by a signal, which is noted only.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.dropped = 0
        """Lines that nobody was there to read."""

        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._line: list[str] = []
        self._held = bytearray()
        self._patience = PATIENCE_SECONDS

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of what is written."""
        return "utf-8"

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal's."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str, /) -> int:
        """Take some text; a line, with what was written before of it, when it ends.

        Raises:
            OSError: the reader is gone, or there is no room.
        """
        self._line.append(text)
        if text.endswith("\n"):
            self._take()
            if len(self._held) >= OFTEN:
                self._send(0.0)
        return len(text)

    def flush(self) -> None:
        """Write what the reader takes now.

        Raises:
            OSError: as of `write`.
        """
        self._take()
        self._send(0.0)

    def finish(self) -> None:
        """Write what is left, as long as the reader goes on.

        Raises:
            OSError: as of `write`.
        """
        self._take()
        ends = time.monotonic() + END_SECONDS
        while self._held and time.monotonic() < ends and self._send(PATIENCE_SECONDS):
            pass

    def _take(self) -> None:
        data = "".join(self._line).encode("utf-8", "backslashreplace")
        self._line.clear()
        while len(self._held) + len(data) > MOST_HELD and self._patience > 0.0:
            before = time.monotonic()
            self._send(self._patience)
            self._patience -= time.monotonic() - before
        if len(self._held) + len(data) > MOST_HELD:
            self._send(0.0)
        if len(self._held) + len(data) > MOST_HELD:
            self.dropped += data.count(b"\n")
        else:
            self._held += data

    def _send(self, seconds: float) -> bool:
        """Write what is taken, waiting so long for the first of it; whether there was any."""
        has_sent = False
        while self._held and self._poll.poll(0 if has_sent else seconds * 1000.0):
            del self._held[: os.write(self._descriptor, self._held[:AT_ONCE])]
            has_sent = True
        if not self._held:
            self._patience = PATIENCE_SECONDS
        return has_sent


@contextmanager
def unheld() -> Iterator[Output]:
    """Both outputs of the program as such ones; that which verdicts go to.

    Raises:
        OSError: as of `Output.write`.
    """
    sys.stdout.flush()
    out, errors = Output(sys.stdout.fileno()), Output(sys.stderr.fileno())
    with ExitStack() as both:
        both.callback(errors.finish)
        both.callback(out.finish)
        both.enter_context(redirect_stderr(cast("TextIO", errors)))
        both.enter_context(redirect_stdout(cast("TextIO", out)))
        yield out
