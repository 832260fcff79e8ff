"""A command of the user's for every start and end of an event."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examples.camera.config.schema import HookSettings

MOST_WAITING = 1000


class Hook:
    """Runs the command in the background, one at a time, in order."""

    def __init__(self, settings: HookSettings) -> None:
        self._settings = settings
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._work, daemon=True, name="hook")
        self._thread.start()

    def tell(self, line: str) -> None:
        """Hand an event to the command."""
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            print("the hook is too slow: an event was not handed to it", file=sys.stderr)

    def _work(self) -> None:
        while (line := self._waiting.get()) is not None:
            try:
                done = subprocess.run(
                    self._settings.command, input=line + "\n", text=True, check=False,
                    timeout=self._settings.timeout_s, stdout=subprocess.DEVNULL,
                )  # fmt: skip
            except (OSError, subprocess.TimeoutExpired) as error:
                print(f"the hook failed: {error}", file=sys.stderr)
                continue
            if done.returncode:
                print(f"the hook ended with {done.returncode}", file=sys.stderr)

    def close(self) -> None:
        """Let what waits run, within the time of one command."""
        try:
            self._waiting.put(None, timeout=self._settings.timeout_s)
        except queue.Full:
            return
        self._thread.join(self._settings.timeout_s)
