"""The audit log: a JSON line for every decision, written before it takes effect."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 4 << 20


@dataclass
class AuditLog:
    """Appends to `path`; at `most_bytes` the file becomes `path.1` and a new one begins."""

    path: Path
    most_bytes: int = MOST_BYTES
    _torn: bool = False

    def write(self, now: float, action: str, **fields: object) -> None:
        """Append one line. The file is opened anew each time, so it may be moved away.

        Raises:
            OSError: it cannot be written, as on a full disk.
        """
        when = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": when, "action": action, **fields}, separators=(",", ":"))
        data = ("\n" if self._torn else "").encode() + line.encode() + b"\n"
        self._turn_over(len(data))
        # A pipe that nobody reads is an error, and not waited for.
        how = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        file = os.open(self.path, how, 0o640)
        try:
            self._torn = True
            written = os.write(file, data)
            if written != len(data):
                raise OSError(28, "only a part of the line could be written", str(self.path))
            self._torn = False
        finally:
            os.close(file)

    def _turn_over(self, more: int) -> None:
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            return
        if size + more > self.most_bytes:
            self.path.replace(f"{self.path}.1")
