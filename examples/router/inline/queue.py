"""A kernel queue of packets as a source of frames, each answered when the next is asked for."""

from __future__ import annotations

import os
import select
import socket
import time
from typing import TYPE_CHECKING, Self

from edge_infer import Unavailable
from examples.router.inline import messages
from examples.router.packets.frame import RAW_IP, Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NETFILTER = 12  # NETLINK_NETFILTER
NO_ENOBUFS = (270, 5)  # SOL_NETLINK, NETLINK_NO_ENOBUFS: a full socket drops; it is not an error
MOST_COPIED = 0xFFFF
MOST_WAITING = 4096
MOST_AT_ONCE = 256
BUFFER_BYTES = 8 << 20
GRANT = "run it as root, or grant CAP_NET_ADMIN, as by AmbientCapabilities=CAP_NET_ADMIN in a unit"


class PacketQueue:
    """Reads queue `number`; `blocked(address)` says whose packets are dropped.

    The packet that was yielded last waits in the kernel until the next is asked for. Under load
    packets are let through before their verdict, with those that wait behind them.
    """

    def __init__(self, number: int, *, blocked: Callable[[str], bool] | None = None) -> None:
        self.number, self.blocked = number, blocked
        self.accepted = self.dropped = 0
        self.received = 0
        """Packets that the kernel has handed over."""

        self._socket: socket.socket | None = None
        self._poll = select.poll()
        self._holds = False

    def open(self) -> Self:
        """Take the queue.

        Raises:
            Unavailable: no permission, the queue is another program's, or the kernel has none.
        """
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            self._socket.setsockopt(*NO_ENOBUFS, 1)
            self._socket.bind((0, 0))
            self._ask(messages.bind(self.number, 1))
            limits = {"copied": MOST_COPIED, "waiting": MOST_WAITING}
            self._ask(messages.configure(self.number, 2, **limits))
        except OSError as error:
            self.close()
            raise Unavailable(
                f"packet queue {self.number} cannot be read: {error.strerror or error}",
                expected="the capability CAP_NET_ADMIN, a kernel with nfnetlink_queue, and a "
                "queue that no other program reads",
                hint=GRANT,
            ) from error
        return self

    def frames(self, idle_seconds: float = 1.0) -> Iterator[Frame | None]:
        """Frames of link type RAW_IP as they come; None where no other waits, and when idle.

        Under load None comes after every `MOST_AT_ONCE`: time passes, and the end may be asked for.

        At None the verdicts are due; what they block is dropped, the last frame included.
        """
        assert self._socket is not None, "open it first"
        poll = self._poll
        poll.register(self._socket, select.POLLIN)
        while self._socket is not None:
            if not poll.poll(idle_seconds * 1000):
                yield None
                continue
            data = self._socket.recv(MOST_COPIED + 4096)
            for packet in messages.read(data):
                if isinstance(packet, messages.Queued):
                    self.received += 1
                    now = time.time_ns() if packet.timestamp_ns is None else packet.timestamp_ns
                    self._holds = True
                    try:
                        yield Frame(now, RAW_IP, packet.data, packet.length)
                        if not self.received % MOST_AT_ONCE or not poll.poll(0):
                            yield None
                    finally:
                        self._holds = False
                        self._answer(packet)

    def is_up(self) -> bool:
        """It is: the kernel gave it to this program."""
        return True

    def waits(self) -> bool:
        """Whether a packet waits, be it the one that was yielded last."""
        return self._holds or bool(self._poll.poll(0))

    def drops(self) -> int:
        """None for want of room: the kernel lets through what the queue cannot hold."""
        return 0

    def close(self) -> None:
        """Give the queue back: the kernel drops the few that wait and accepts what follows."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _answer(self, packet: messages.Queued) -> None:
        if self._socket is None:
            return
        drop = self.blocked is not None and self.blocked(source_of(packet.data))
        what = messages.DROP if drop else messages.ACCEPT
        self._socket.send(messages.verdict(self.number, packet.number, what))
        self.dropped += drop
        self.accepted += not drop

    def _ask(self, request: bytes) -> None:
        assert self._socket is not None
        self._socket.send(request)
        while True:
            for answer in messages.read(self._socket.recv(MOST_COPIED + 4096)):
                if isinstance(answer, messages.Queued):
                    self._answer(answer)
                elif answer != 0:
                    raise OSError(answer, os.strerror(answer))
                else:
                    return

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()


def source_of(packet: bytes) -> str:
    """Source address of an IP packet; empty where there is none."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        return socket.inet_ntop(socket.AF_INET, packet[12:16])
    if len(packet) >= 40 and packet[0] >> 4 == 6:
        return socket.inet_ntop(socket.AF_INET6, packet[8:24])
    return ""
