"""The fields of a packet, beside the project's own parser; and frames cut anywhere."""

from __future__ import annotations

import struct
from random import Random

import pytest

from examples.router.lab import flood
from examples.router.packets.dissect import dissect
from examples.router.xdp.fields import FIELDS, MOST, fields

ETHERNET4, ETHERNET6 = bytes(12) + b"\x08\x00", bytes(12) + b"\x86\xdd"
SOURCE, TARGET = b"\xc0\xa8\x07\x42", b"\xc0\x00\x02\x0a"


def tcp(flags: int, payload: int = 0, options: int = 0) -> bytes:
    head = struct.pack(">HHIIBBHHH", 40000, 80, 7, 9, (5 + options) << 4, flags, 1024, 0, 3)
    return head + bytes(4 * options) + bytes(payload)


def frame(body: bytes, number: int, *, six: bool = False) -> bytes:
    if six:
        return ETHERNET6 + flood.packet(SOURCE * 4, TARGET * 4, number, body, Random(1))
    return ETHERNET4 + flood.packet(SOURCE, TARGET, number, body, Random(1))


FRAMES = {
    "syn": frame(tcp(2, options=5), 6),
    "data": frame(tcp(24, 1000), 6),
    "syn6": frame(tcp(2, options=5), 6, six=True),
    "udp": frame(struct.pack(">HHHH", 1, 2, 48, 0) + bytes(40), 17),
    "udp6": frame(struct.pack(">HHHH", 1, 2, 48, 0) + bytes(40), 17, six=True),
    "echo": frame(struct.pack(">BBHHH", 8, 0, 0, 1, 1) + bytes(56), 1),
    "echo6": frame(struct.pack(">BBHHH", 128, 0, 0, 1, 1) + bytes(56), 58, six=True),
}


def named(data: bytes) -> dict[str, int]:
    row = fields(data)
    assert row is not None
    return dict(zip(FIELDS, row, strict=True))


@pytest.mark.parametrize("name", FRAMES)
def test_flags_and_payload_are_those_of_the_parser(name: str) -> None:
    packet = dissect(1, FRAMES[name])
    assert not isinstance(packet, str)
    row = named(FRAMES[name])
    kind = packet[4] & 0xFFFF
    assert row["protocol"] == kind
    assert row["payload"] == packet[6]
    if kind == 6:
        assert row["tcp_flags"] == packet[5]
    if kind in (1, 58):
        assert row["icmp_type"] * 256 + row["icmp_code"] == packet[5]


def test_every_field_of_a_syn() -> None:
    assert named(FRAMES["syn"]) == {
        "version": 4, "protocol": 6, "length": 60, "header": 20, "fragment": 0, "tcp_header": 40,
        "tcp_flags": 2, "tcp_window": 1024, "tcp_acknowledges": 1, "tcp_urgent": 3, "icmp_type": 0,
        "icmp_code": 0, "payload": 0,
    }  # fmt: skip


@pytest.mark.parametrize("tags", [1, 2])
def test_vlan_tags_are_passed_over(tags: int) -> None:
    plain = FRAMES["syn"]
    tagged = plain[:12] + b"\x81\x00\x00\x05" * tags + plain[12:]
    assert fields(tagged) == fields(plain)
    assert fields(plain[:12] + b"\x81\x00\x00\x05" * 3 + plain[12:]) is None


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_cut_anywhere_has_bounded_fields_or_none(name: str) -> None:
    for size in range(len(FRAMES[name])):
        row = fields(FRAMES[name][:size])
        assert row is None or all(0 <= value <= MOST < 1 << 24 for value in row)


def test_random_bytes_raise_nothing() -> None:
    rng = Random(3)
    for _ in range(3000):
        row = fields(bytes(12) + rng.choice((b"\x08\x00\x45", b"\x86\xdd\x60")) + rng.randbytes(60))
        assert row is None or all(0 <= value <= MOST for value in row)


def test_a_later_fragment_has_no_transport_fields() -> None:
    data = bytearray(FRAMES["syn"])
    struct.pack_into(">H", data, 20, 0x2001)
    assert named(bytes(data))["tcp_flags"] == 0
    assert named(bytes(data))["fragment"] == 1


def test_no_field_names_an_address_a_port_or_the_time_to_live() -> None:
    changed = bytearray(FRAMES["syn"])
    changed[22] = 7
    changed[26:34] = bytes(range(8))
    changed[34:38] = b"\x01\x02\x03\x04"
    assert fields(bytes(changed)) == fields(FRAMES["syn"])
