"""Netlink messages of the kernel's packet queue (linux/netfilter/nfnetlink_queue.h)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKET, VERDICT, CONFIG = 0, 1, 2
DROP, ACCEPT = 0, 1
FAIL_OPEN = 1
BIND, UNBIND = 1, 2
SUBSYSTEM = 3 << 8  # NFNL_SUBSYS_QUEUE
ERROR = 2  # NLMSG_ERROR
REQUEST, ACK = 1, 4
HEADER = struct.Struct("=IHHII")
FAMILY = struct.Struct(">BBH")
ATTRIBUTE = struct.Struct("=HH")
CONFIG_COMMAND, CONFIG_PARAMETERS, CONFIG_LENGTH, CONFIG_MASK, CONFIG_FLAGS = 1, 2, 3, 4, 5
VERDICT_HEADER = 2
PACKET_HEADER, TIMESTAMP, PAYLOAD, WHOLE_LENGTH = 1, 3, 10, 13
COPY_PACKET = 2
NESTED = 0x3FFF  # what remains of a type without its two flags


class Queued(NamedTuple):
    """A packet that waits for its verdict, from its IP header on."""

    number: int
    data: bytes
    length: int
    timestamp_ns: int | None


def attribute(kind: int, data: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    return ATTRIBUTE.pack(4 + len(data), kind) + data + bytes(-len(data) % 4)


def message(kind: int, flags: int, sequence: int, queue: int, body: bytes) -> bytes:
    """A whole message for a queue."""
    length = HEADER.size + FAMILY.size + len(body)
    head = HEADER.pack(length, SUBSYSTEM | kind, flags, sequence, 0)
    return head + FAMILY.pack(0, 0, queue) + body


def bind(queue: int, sequence: int) -> bytes:
    """Ask for a queue."""
    command = attribute(CONFIG_COMMAND, struct.pack(">BBH", BIND, 0, 0))
    return message(CONFIG, REQUEST | ACK, sequence, queue, command)


def configure(queue: int, sequence: int, *, copied: int, waiting: int) -> bytes:
    """Copy packets up to `copied` bytes, at most `waiting` at once, and accept those beyond."""
    body = attribute(CONFIG_PARAMETERS, struct.pack(">IB", copied, COPY_PACKET))
    body += attribute(CONFIG_LENGTH, struct.pack(">I", waiting))
    body += attribute(CONFIG_FLAGS, struct.pack(">I", FAIL_OPEN))
    body += attribute(CONFIG_MASK, struct.pack(">I", FAIL_OPEN))
    return message(CONFIG, REQUEST | ACK, sequence, queue, body)


def verdict(queue: int, number: int, what: int) -> bytes:
    """Accept or drop one packet."""
    body = attribute(VERDICT_HEADER, struct.pack(">II", what, number))
    return message(VERDICT, REQUEST, 0, queue, body)


def read(data: bytes) -> Iterator[Queued | int]:
    """Packets of what was received, and error numbers (0: acknowledged).

    What is cut short or of another kind is passed over.
    """
    start = 0
    while start + HEADER.size <= len(data):
        length, kind, *_ = HEADER.unpack_from(data, start)
        if length < HEADER.size or start + length > len(data):
            return
        body = data[start + HEADER.size : start + length]
        if kind == ERROR and len(body) >= 4:
            yield -int(struct.unpack_from("=i", body)[0])
        elif kind == SUBSYSTEM | PACKET and len(body) >= FAMILY.size:
            packet = queued(body[FAMILY.size :])
            if packet is not None:
                yield packet
        start += length + -length % 4


def queued(body: bytes) -> Queued | None:
    """The packet of a message; None where its number is missing."""
    number, data, length, stamp, start = None, b"", None, None, 0
    while start + ATTRIBUTE.size <= len(body):
        size, kind = ATTRIBUTE.unpack_from(body, start)
        if size < ATTRIBUTE.size or start + size > len(body):
            break
        value = body[start + ATTRIBUTE.size : start + size]
        kind &= NESTED
        if kind == PACKET_HEADER and len(value) >= 4:
            number = int(struct.unpack_from(">I", value)[0])
        elif kind == PAYLOAD:
            data = value
        elif kind == WHOLE_LENGTH and len(value) >= 4:
            length = int(struct.unpack_from(">I", value)[0])
        elif kind == TIMESTAMP and len(value) >= 16:
            seconds, micros = struct.unpack_from(">QQ", value)
            stamp = seconds * 1_000_000_000 + micros * 1_000
        start += size + -size % 4
    if number is None:
        return None
    return Queued(number, data, len(data) if length is None else length, stamp)
