"""Conversations: connections that open, exchange messages and close; questions and answers."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from examples.router.synthetic.wire import ACK, FIN, PSH, RST, SYN, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

SEGMENT = 1448
Ends = tuple[int, int, int, int]


@dataclass(frozen=True)
class Say:
    """One message of a conversation."""

    up: bool
    payload: bytes
    pause: float = 0.0
    """Seconds before it."""


def back(ends: Ends) -> Ends:
    """The same two ends, seen from the other side."""
    return ends[2], ends[3], ends[0], ends[1]


def connection(
    wire: Wire,
    time: float,
    ends: Ends,
    messages: Iterable[Say],
    *,
    rtt: float,
    close: str = "fin",
    handshake: bool = True,
    acks: float = 0.5,
) -> float:
    """A TCP connection; the time at which it ended. `close` is `fin`, `reset` or `open`."""
    random, there = wire.random, back(ends)
    if handshake:
        wire.tcp(time, ends, SYN)
        wire.tcp(time + rtt, there, SYN | ACK)
        time += rtt + 0.0001
        wire.tcp(time, ends, ACK)
    for message in messages:
        time += message.pause + rtt * random.uniform(0.5, 1.0)
        way, other = (ends, there) if message.up else (there, ends)
        for at in range(0, len(message.payload), SEGMENT):
            part = message.payload[at : at + SEGMENT]
            wire.tcp(time, way, ACK | (PSH if at + SEGMENT >= len(message.payload) else 0), part)
            time += random.uniform(0.00001, 0.0006)
            if random.random() < acks:
                wire.tcp(time + rtt * 0.3, other, ACK)
    time += random.uniform(0.001, 0.2)
    if close == "fin":
        wire.tcp(time, ends, FIN | ACK)
        wire.tcp(time + rtt, there, FIN | ACK)
        wire.tcp(time + rtt + 0.0001, ends, ACK)
    elif close == "reset":
        wire.tcp(time, ends, RST | ACK)
    return time + rtt


def refused(wire: Wire, time: float, ends: Ends, *, rtt: float, answer: str) -> None:
    """A handshake that fails: `reset`, or `silence` with its repeats."""
    wire.tcp(time, ends, SYN)
    if answer == "reset":
        wire.tcp(time + rtt, back(ends), RST | ACK)
    elif wire.random.random() < 0.5:
        wire.tcp(time + 1.0, ends, SYN)
        wire.tcp(time + 3.0, ends, SYN)


def dns_message(
    random: Random, name: bytes, *, kind: int = 1, answer: bytes | None = None, code: int = 0
) -> bytes:
    """A question, or with `answer` (rdata, empty for none) its answer."""
    flags = 0x0100 if answer is None else 0x8180 | code
    head = struct.pack(">HHHHHH", random.getrandbits(16), flags, 1, bool(answer), 0, 0)
    labels = b"".join(bytes([len(one)]) + one for one in name.split(b".")) + b"\0"
    question = head + labels + struct.pack(">HH", kind, 1)
    if not answer:
        return question
    return question + struct.pack(">HHHIH", 0xC00C, kind, 1, 300, len(answer)) + answer


def lease(random: Random) -> bytes:
    """A DHCP request (RFC 2131): a few fields, and mostly zeros."""
    hardware = random.randbytes(6)
    head = b"\1\1\6\0" + random.randbytes(4) + bytes(20) + hardware + bytes(202)
    options = b"\x63\x82\x53\x63\x35\1\3\x3d\7\1" + hardware + b"\xff"
    return head + options


def ask(
    wire: Wire,
    time: float,
    ends: Ends,
    name: bytes,
    *,
    rtt: float,
    kind: int = 1,
    answer: bytes | None = b"\x0a\0\0\1",
    code: int = 0,
) -> None:
    """A DNS question and its answer; None is silence."""
    wire.udp(time, ends, dns_message(wire.random, name, kind=kind))
    if answer is not None:
        found = b"" if code else answer
        wire.udp(
            time + rtt, back(ends),
            dns_message(wire.random, name, kind=kind, answer=found, code=code),
        )  # fmt: skip
