"""Events as lines of a file or of standard output. A full disk delays them, it loses none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from edge_infer import BadInput
from examples.camera import private

MOST_BYTES = 1 << 24
"""Lines that wait for room on the disk, at most: some hundred thousand."""


class Log:
    """Appends lines, whole, to a file or to standard output."""

    def __init__(self, place: str) -> None:
        """Raises BadInput where the file cannot be opened for appending."""
        self._place = place
        self._waiting = b""
        self._failing = False
        self.lost = 0
        """Lines for which there was neither disk nor memory."""
        self.gone = False
        """Whether whoever read the lines from a pipe has left, as `head` does."""
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            if place != "-" and _torn(Path(place)):
                self._waiting = b"\n"
            self._file = 1 if place == "-" else os.open(place, flags, private.FILE)
        except OSError as error:
            raise BadInput(
                "cannot write the events", expected=place, actual=error,
                hint="choose events.log in a folder that this user can write",
            ) from error  # fmt: skip

    def tell(self, line: str) -> None:
        """Write a line, or keep it until there is room."""
        content = line.encode() + b"\n"
        if len(self._waiting) + len(content) > MOST_BYTES:
            self.lost += 1
            return
        self._waiting += content
        self.flush()

    def flush(self) -> None:
        """Write what waits, as far as there is room."""
        while self._waiting:
            try:
                written = os.write(self._file, self._waiting)
            except BrokenPipeError:
                self.gone, self._waiting = True, b""
                return
            except OSError as error:
                if not self._failing:
                    print(f"events wait in memory: {self._place}: {error}", file=sys.stderr)
                self._failing = True
                return
            self._waiting = self._waiting[written:]
        if self._failing:
            self._failing = False
            print(f"events are written again: {self._place}", file=sys.stderr)

    def close(self) -> None:
        """Write what waits and let go of the file."""
        self.flush()
        if self._file != 1:
            os.close(self._file)


def _torn(path: Path) -> bool:
    """Whether its last line was broken off, as when the power fails. Raises OSError."""
    if not path.is_file() or path.stat().st_size == 0:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
