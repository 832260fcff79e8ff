"""Frames of the flood are whole: their checksums hold and their fields are what was asked for."""

from __future__ import annotations

import ipaddress
import struct
from random import Random

import pytest

from examples.router.lab import flood, tunnel

NUMBERS = {"syn": 6, "ack": 6, "rst": 6, "udp": 17, "dns": 17}
PLACES = {
    4: ("198.51.100.7", "192.0.2.9", "198.51.100.0/24"),
    6: ("2001:db8:1::7", "2001:db8:2::9", "2001:db8:1::/64"),
}


def frames(kind: str, family: int, *options: str) -> flood.Frames:
    source, target, _ = PLACES[family]
    argv = [kind, "--interface", "lo", "--gateway-mac", "02:00:00:00:00:01", "--from", source]
    bounds = ["--count", "1", "--rate", "1", "--seconds", "1"]
    return flood.Frames(flood.arguments().parse_args([*argv, "--to", target, *bounds, *options]))


def parts(frame: bytes) -> tuple[bytes, bytes, int, bytes]:
    """Source, target, protocol and body of an Ethernet frame, by the RFCs' offsets."""
    if frame[12:14] == b"\x86\xdd":
        length, number = struct.unpack(">HB", frame[18:21])
        assert length == len(frame) - 54
        return frame[22:38], frame[38:54], number, frame[54:]
    assert frame[12:14] == b"\x08\x00"
    assert struct.unpack(">H", frame[16:18])[0] == len(frame) - 14
    assert flood.checksum(frame[14:34]) == 0
    return frame[26:30], frame[30:34], frame[23], frame[34:]


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("kind", ["syn", "ack", "rst", "udp", "dns", "icmp"])
def test_the_checksum_of_every_frame_holds(kind: str, family: int) -> None:
    made = frames(kind, family, "--bytes", "33")
    for _ in range(20):
        source, target, number, body = parts(made.next())
        assert number == NUMBERS.get(kind, 1 if family == 4 else 58)
        pseudo = b"" if number == 1 else source + target + struct.pack(">II", len(body), number)
        assert flood.checksum(pseudo + body) == 0


def test_the_checksum_is_the_one_of_the_rfc() -> None:
    # RFC 1071, section 3: 0001 f203 f4f5 f6f7 add up to ddf2.
    assert flood.checksum(bytes.fromhex("0001f203f4f5f6f7")) == ~0xDDF2 & 0xFFFF


@pytest.mark.parametrize("family", [4, 6])
def test_a_spoofed_source_stays_in_its_prefix_and_changes(family: int) -> None:
    prefix = ipaddress.ip_network(PLACES[family][2])
    made = frames("syn", family, "--spoof", str(prefix))
    sources = {parts(made.next())[0] for _ in range(50)}
    assert len(sources) > 25
    assert all(ipaddress.ip_address(source) in prefix for source in sources)


@pytest.mark.parametrize("kind", sorted(tunnel.TYPES))
def test_the_tunnel_answers_the_question_it_was_asked(kind: str) -> None:
    name = b"\3abc" + tunnel.DOMAIN
    asked = (
        tunnel.HEADER.pack(77, 0x100, 1, 0, 0, 0) + name + struct.pack(">HH", tunnel.TYPES[kind], 1)
    )
    said = tunnel.answer(asked, Random(1))
    assert said[:2] == asked[:2]
    assert said[12 : 12 + len(name) + 4] == name + struct.pack(">HH", tunnel.TYPES[kind], 1)
    record = said[12 + len(name) + 4 :]
    assert record[:2] == b"\xc0\x0c"
    assert struct.unpack(">H", record[10:12])[0] == len(record) - 12
