"""AF_PACKET on one interface. Needs Linux and the capability CAP_NET_RAW."""

from __future__ import annotations

import errno
import mmap
import select
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Self

from edge_infer import BadInput, Unavailable
from examples.router.live import ring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.router.packets import Frame

ALL_PROTOCOLS = 0x0003
SOL_PACKET, RX_RING, STATISTICS, VERSION, IGNORE_OUTGOING = 263, 5, 6, 10, 23
TPACKET_V3 = 2
ETHERNET_LIKE = (1, 772)
LOOPBACK_TYPE = 772
CLASS_NET = Path("/sys/class/net")

RETIRE_MS = 5
"""A block that is not full is handed over after this long."""

GRANT = (
    "run it as root, or: setcap cap_net_raw+ep on a copy of python3, or "
    "AmbientCapabilities=CAP_NET_RAW in a systemd unit"
)


class Interface:
    """Frames of one interface in both directions; what the kernel had to drop is counted."""

    def __init__(self, name: str, *, retire_ms: int = RETIRE_MS) -> None:
        self.name = name
        self.dropped = 0
        self._retire_ms = retire_ms
        self._socket: socket.socket | None = None
        self._ring: mmap.mmap | None = None

    def open(self) -> Self:
        """Begin to capture.

        Raises:
            BadInput: there is no such interface.
            Unavailable: no permission, or no packet sockets here.
        """
        if not hasattr(socket, "AF_PACKET"):
            raise Unavailable("live capture needs Linux's packet sockets")
        kind = self._kind()
        try:
            opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except PermissionError as error:
            raise Unavailable(
                f"{self.name}: no permission to capture",
                expected="the capability CAP_NET_RAW",
                actual="a process without it",
                hint=GRANT,
            ) from error
        self._socket = opened
        try:
            opened.setsockopt(SOL_PACKET, VERSION, TPACKET_V3)
            if kind == LOOPBACK_TYPE:  # there every packet passes twice
                opened.setsockopt(SOL_PACKET, IGNORE_OUTGOING, 1)
            opened.setsockopt(SOL_PACKET, RX_RING, ring.request(self._retire_ms))
            size = ring.BLOCKS * ring.BLOCK_BYTES
            self._ring = mmap.mmap(opened.fileno(), size)
            opened.bind((self.name, ALL_PROTOCOLS))
        except OSError as error:
            self.close()
            raise Unavailable(
                f"{self.name}: cannot be captured from", actual=error.strerror or str(error)
            ) from error
        self._linktype = 1 if kind in ETHERNET_LIKE else 101
        return self

    def frames(self, idle_seconds: float = 1.0) -> Iterator[Frame | None]:
        """Frames as they come; None after each block of them, and after each idle while.

        Raises:
            Unavailable: the interface vanished.
        """
        assert self._socket is not None, "open it first"
        assert self._ring is not None
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | select.POLLERR)
        block = 0
        while self._socket is not None:
            if ring.is_ready(self._ring, block):
                yield from ring.frames_of(self._ring, block, self._linktype)
                ring.give_back(self._ring, block)
                block = (block + 1) % ring.BLOCKS
                yield None
                continue
            events = poll.poll(idle_seconds * 1000)
            if not events or events[0][1] & select.POLLERR:
                self._check()
                yield None

    def drops(self) -> int:
        """Packets that found the ring full, since `open`. The kernel counts from call to call."""
        if self._socket is not None:
            counts = self._socket.getsockopt(SOL_PACKET, STATISTICS, 12)
            self.dropped += struct.unpack("=III", counts)[1]
        return self.dropped

    def close(self) -> None:
        """End the capture."""
        if self._ring is not None:
            self._ring.close()
            self._ring = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _kind(self) -> int:
        path = CLASS_NET / self.name / "type"
        if "/" in self.name or not path.is_file():
            names = ", ".join(sorted(one.name for one in CLASS_NET.glob("*"))) or "none"
            raise BadInput("no such interface", expected=f"one of {names}", actual=self.name)
        return int(path.read_text("ascii"))

    def _check(self) -> None:
        """The socket outlives its interface in silence, so the interface is looked for."""
        assert self._socket is not None
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error not in (0, errno.ENETDOWN) or not (CLASS_NET / self.name).exists():
            raise Unavailable(
                f"{self.name}: the interface vanished",
                hint="start again when it is back; bans end by their own timeouts",
            )
