"""Messages of the kernel's packet queue: what is sent, and what hostile bytes lead to."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress

import pytest

from edge_infer import Unavailable
from examples.router.inline import messages
from examples.router.inline.queue import MOST_AT_ONCE, PacketQueue, source_of

IP4 = bytes.fromhex("4500001c000100004011f96cc0a80742c000020a") + b"\0" * 8
IP6 = bytes.fromhex("6000000000083a40") + bytes(15) + b"\x07" + bytes(15) + b"\x0a" + bytes(8)


def delivered(data: bytes, number: int = 9, *more: bytes) -> bytes:
    """A packet as the kernel hands it over."""
    body = messages.attribute(messages.PACKET_HEADER, struct.pack(">IHB", number, 0x800, 2))
    body += b"".join(more) + messages.attribute(messages.PAYLOAD, data)
    return messages.message(messages.PACKET, 0, 0, 5, body)


def test_a_packet_is_read_with_its_number_time_and_whole_length() -> None:
    stamp = messages.attribute(messages.TIMESTAMP, struct.pack(">QQ", 7, 8))
    whole = messages.attribute(messages.WHOLE_LENGTH, struct.pack(">I", 1500))
    (packet,) = messages.read(delivered(IP4, 3, stamp, whole))
    assert packet == messages.Queued(3, IP4, 1500, 7_000_008_000)


def test_several_messages_in_one_read_are_all_found() -> None:
    data = delivered(IP4, 1) + delivered(b"abc", 2) + delivered(IP6, 3)
    assert [one.number for one in messages.read(data) if isinstance(one, messages.Queued)] == [
        1,
        2,
        3,
    ]


@pytest.mark.parametrize("length", range(0, len(delivered(IP4)), 3))
def test_a_message_cut_anywhere_raises_nothing(length: int) -> None:
    assert list(messages.read(delivered(IP4)[:length])) == []


def test_random_bytes_raise_nothing_and_end() -> None:
    for size in range(200):
        for _ in range(5):
            list(messages.read(os.urandom(size)))


def test_lengths_that_lie_do_not_loop_or_read_beyond() -> None:
    lie = bytearray(delivered(IP4))
    for length in (0, 1, 3, 0xFFFF):
        struct.pack_into("=H", lie, 20, length)
        assert list(messages.read(bytes(lie))) == []


def test_an_error_of_the_kernel_is_its_number() -> None:
    body = struct.pack("=i", -1) + bytes(16)
    assert list(
        messages.read(messages.HEADER.pack(16 + len(body), messages.ERROR, 0, 1, 0) + body)
    ) == [1]


@pytest.mark.parametrize(
    ("packet", "source"),
    [
        (IP4, "192.168.7.66"),
        (IP6, "::7"),
        (IP4[:19], ""),
        (IP6[:39], ""),
        (b"", ""),
        (b"\x75" * 60, ""),
    ],
)
def test_the_source_is_read_within_bounds(packet: bytes, source: str) -> None:
    assert source_of(packet) == source


@pytest.mark.skipif(os.geteuid() == 0, reason="as root there is permission")
def test_without_permission_the_capability_is_named() -> None:
    with pytest.raises(Unavailable, match="CAP_NET_ADMIN"):
        PacketQueue(65000).open()


def test_under_load_there_are_pauses_too() -> None:
    """Else neither the time nor a signal would end a program whose queue is never empty."""
    kernel, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    packets = PacketQueue(5)
    with kernel, ours:
        packets._socket = ours
        for _ in range(2):  # another message waits while the first one's packets are taken
            kernel.send(b"".join(delivered(IP4, n) for n in range(MOST_AT_ONCE + 9)))
        kernel.setblocking(False)
        found = []
        for frame in packets.frames():
            found.append(frame)
            with suppress(BlockingIOError):
                kernel.recv(4096)  # an answer
            if frame is None:
                break
        packets._socket = None
    assert len(found) == MOST_AT_ONCE + 1
    assert packets.received == MOST_AT_ONCE
