"""What systemd is told: ready, alive, stopping (sd_notify(3)). Nothing without systemd."""

from __future__ import annotations

import contextlib
import os
import socket
import time


class Notify:
    """Writes to the socket that systemd names, if it names one."""

    def __init__(self) -> None:
        self._place = os.environ.get("NOTIFY_SOCKET", "")
        every_us = os.environ.get("WATCHDOG_USEC", "0")
        self._pause_s = int(every_us) / 2e6 if every_us.isdigit() else 0.0
        self._due_s = 0.0

    def send(self, state: str) -> None:
        """Send one state, such as `READY=1`."""
        if not self._place:
            return
        name = "\0" + self._place[1:] if self._place.startswith("@") else self._place
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out,
        ):
            out.sendto(state.encode(), name)

    def alive(self) -> None:
        """Feed the watchdog, at most twice within its time."""
        now_s = time.monotonic()
        if self._pause_s and now_s >= self._due_s:
            self._due_s = now_s + self._pause_s
            self.send("WATCHDOG=1")
