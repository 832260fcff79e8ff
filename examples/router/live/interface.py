"""AF_PACKET on one interface. Needs Linux and the capability CAP_NET_RAW."""

from __future__ import annotations

import errno
import mmap
import select
import socket
import struct
from typing import TYPE_CHECKING, Self

from edge_infer import BadInput, Unavailable
from examples.router.live import ring

if TYPE_CHECKING:
    from collections.abc import Iterator


ALL_PROTOCOLS = 0x0003
SOL_PACKET, RX_RING, STATISTICS, VERSION, IGNORE_OUTGOING = 263, 5, 6, 10, 23
TPACKET_V3 = 2
ETHERNET_LIKE = (1, 772)
LOOPBACK_TYPE = 772
OTHERS = {
    24: "IEEE 1394", 32: "InfiniBand", 280: "CAN", 801: "IEEE 802.11",
    802: "IEEE 802.11 with Prism headers", 803: "IEEE 802.11 with radiotap",
    804: "IEEE 802.15.4", 824: "netlink",
}  # fmt: skip
"""Of linux/if_arp.h: what frames begin with there is not read. All else is Ethernet or bare IP."""

GET_FLAGS, GET_HARDWARE = 0x8913, 0x8927  # SIOCGIFFLAGS, SIOCGIFHWADDR
IS_UP = 1

RING_MEBIBYTES = 8
"""What the kernel keeps while Python is busy: some 30,000 ordinary packets."""

RETIRE_MS = 5
"""A block that is not full is handed over after this long: by a timer of its own since Linux 6.18,
rounded up to the kernel's ticks before, of which there are 100 to 1000 a second."""

MOST_BLOCKS = 16
"""Without a pause between them, 256 kB: else what is done in pauses holds up those that wait."""

GRANT = (
    "run it as root, or: setcap cap_net_raw+ep on a copy of python3, or "
    "AmbientCapabilities=CAP_NET_RAW in a systemd unit"
)


class Interface:
    """Frames of one interface in both directions; what the kernel had to drop is counted."""

    def __init__(
        self, name: str, *, retire_ms: int = RETIRE_MS, ring_mebibytes: int = RING_MEBIBYTES
    ) -> None:
        self.name = name
        self.dropped = 0
        self.received = 0
        """All that the kernel saw until `drops` was last asked, with what it dropped."""
        self._retire_ms = retire_ms
        self._blocks = ring_mebibytes * ring.BLOCKS_A_MEBIBYTE
        self._socket: socket.socket | None = None
        self._ring: mmap.mmap | None = None
        self._block = 0
        self._number = 0
        """The kernel's: one that comes back has another, and this socket hears nothing of it."""

    def open(self) -> Self:
        """Begin to capture.

        Raises:
            BadInput: there is no such interface, or what it carries is not read.
            Unavailable: no permission, or no packet sockets here.
        """
        if not hasattr(socket, "AF_PACKET"):
            raise Unavailable(
                "live capture needs Linux's packet sockets",
                hint="record there and judge the file: python -m examples.router replay FILE",
            )
        kind = self._kind()
        if kind in OTHERS:
            raise BadInput(
                f"{self.name}: frames of a link type that is not read",
                expected="Ethernet, raw IP or loopback",
                actual=f"hardware type {kind} ({OTHERS[kind]})",
                hint="watch the interface that IP goes through, not its monitor",
            )
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
            opened.setsockopt(SOL_PACKET, RX_RING, ring.request(self._blocks, self._retire_ms))
            self._ring = mmap.mmap(opened.fileno(), self._blocks * ring.BLOCK_BYTES)
            opened.bind((self.name, ALL_PROTOCOLS))
            self._number = socket.if_nametoindex(self.name)
        except OSError as error:
            self.close()
            raise Unavailable(
                f"{self.name}: cannot be captured from",
                expected="an interface that is up, and room for the kernel's ring: "
                f"{self._blocks // ring.BLOCKS_A_MEBIBYTE} MB",
                actual=error.strerror or str(error),
                hint=f"ip link set {self.name} up; look at it with ip link; name less with --ring",
            ) from error
        self._linktype = 1 if kind in ETHERNET_LIKE else 101
        return self

    def frames(self, idle_seconds: float = 1.0) -> Iterator[ring.Block | None]:
        """Blocks of frames as they come; None when none waits, and after `MOST_BLOCKS`.

        Raises:
            Unavailable: the interface vanished.
        """
        assert self._socket is not None, "open it first"
        assert self._ring is not None
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | select.POLLERR)
        self._block = taken = 0
        while self._socket is not None:
            block = self._block
            if ring.is_ready(self._ring, block):
                yield ring.block_of(self._ring, block, self._linktype)
                ring.give_back(self._ring, block)
                self._block = (block + 1) % self._blocks
                taken += 1
                if taken == MOST_BLOCKS or not self.waits():
                    taken = 0
                    yield None
                continue
            events = poll.poll(idle_seconds * 1000)
            if not events or events[0][1] & select.POLLERR:
                self._check()
                yield None

    def is_up(self) -> bool:
        """Whether anything may come: an interface that is down carries nothing, in silence."""
        try:
            return bool(self._told(GET_FLAGS) & IS_UP)
        except OSError:
            return True  # it vanished since it was opened, which `frames` tells

    def waits(self) -> bool:
        """Whether packets wait to be taken."""
        return self._ring is not None and ring.is_ready(self._ring, self._block)

    def drops(self) -> int:
        """Packets that found the ring full, since `open`. The kernel counts from call to call."""
        if self._socket is not None:
            counts = self._socket.getsockopt(SOL_PACKET, STATISTICS, 12)
            received, dropped, _ = struct.unpack("=III", counts)
            self.received += received
            self.dropped += dropped
        return self.dropped

    def close(self) -> None:
        """End the capture; what was dropped until now stays known."""
        if self._ring is not None:
            self.drops()
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
        """The hardware type, asked of the kernel: /sys may be another namespace's."""
        if self.name not in [name for _, name in socket.if_nameindex()]:
            names = ", ".join(name for _, name in socket.if_nameindex()) or "none"
            raise BadInput(
                "no such interface",
                expected=f"one of {names}",
                actual=repr(self.name),
                hint="look at them with ip link; one of another network namespace is watched there",
            )
        return self._told(GET_HARDWARE)

    def _told(self, what: int) -> int:
        """A 16-bit number that the kernel has of the interface."""
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            request = struct.pack("16sH14x", self.name.encode(), 0)
            answer = fcntl.ioctl(asked.fileno(), what, request)
        number: int = struct.unpack_from("H", answer, 16)[0]
        return number

    def _check(self) -> None:
        """The socket outlives its interface in silence, so the interface is looked for.

        Raises:
            Unavailable: it vanished, and may have come back as another one.
        """
        assert self._socket is not None
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        is_there = self._number in [number for number, _ in socket.if_nameindex()]
        if error not in (0, errno.ENETDOWN) or not is_there:
            raise Unavailable(
                f"{self.name}: the interface vanished",
                hint="start again when it is back; the bans of this run end with it",
            )
