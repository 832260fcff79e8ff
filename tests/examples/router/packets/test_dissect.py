"""Every link type and header is read, and no cut or twisted frame raises or reads beyond it."""

from __future__ import annotations

import random
import re
import struct
from pathlib import Path

import pytest
from router_frames import A4, A6, B4, B6, ethernet, icmp, ipv4, ipv6, tcp, udp

from examples.router import packets
from examples.router.packets import dissect
from examples.router.packets.links import NAMES, READERS
from examples.router.packets.transport import (
    ARP_PROTOCOL,
    FRAGMENT,
    IDENTIFICATION_SHIFT,
    IPV6_FLAG,
    LATER_FRAGMENT,
)

STAGES = ("dissect", "links", "ipv6", "transport")
SYN4 = ipv4(6, tcp())
SYN6 = ipv6(6, tcp())
COOKED = struct.pack(">HHH8sH", 0, 1, 6, bytes(8), 0x800)
COOKED_2 = struct.pack(">HHIHBB8s", 0x86DD, 0, 1, 1, 0, 6, bytes(8))
ARP = struct.pack(">HHBBH6sI6sI", 1, 0x800, 6, 4, 1, bytes(6), A4, bytes(6), B4)
VLAN = struct.pack(">HH", 5, 0x800)

READ = {
    "ethernet": (1, ethernet(0x800, SYN4)),
    "ethernet v6": (1, ethernet(0x86DD, SYN6)),
    "vlan": (1, ethernet(0x8100, VLAN + SYN4)),
    "qinq": (1, ethernet(0x88A8, struct.pack(">HH", 5, 0x8100) + VLAN + SYN4)),
    "qinq of old": (1, ethernet(0x9200, struct.pack(">HHHH", 5, 0x9100, 5, 0x8100) + VLAN + SYN4)),
    "pppoe": (1, ethernet(0x8864, struct.pack(">BBHHH", 0x11, 0, 1, 42, 0x21) + SYN4)),
    "cooked": (113, COOKED + SYN4),
    "cooked v2": (276, COOKED_2 + SYN6),
    "cooked vlan": (113, COOKED[:-2] + b"\x81\0" + VLAN + SYN4),
    "four vlans": (1, ethernet(0x8100, struct.pack(">HH", 5, 0x8100) * 3 + VLAN + SYN4)),
    "pppoe v6": (1, ethernet(0x8864, struct.pack(">BBHHH", 0x11, 0, 1, 62, 0x57) + SYN6)),
    "raw v4": (101, SYN4),
    "raw v4, BSD": (12, SYN4),
    "raw v6, OpenBSD": (14, SYN6),
    "raw v4 alone": (228, SYN4),
    "raw v6 alone": (229, SYN6),
    "raw v6": (101, SYN6),
    "loopback, little endian": (0, struct.pack("<I", 2) + SYN4),
    "loopback, big endian": (0, struct.pack(">I", 2) + SYN4),
    "loopback v6": (0, struct.pack("<I", 30) + SYN6),
    "loopback v6 of Windows": (0, struct.pack("<I", 23) + SYN6),
    "openbsd loopback": (108, struct.pack(">I", 2) + SYN4),
}


def test_every_link_type_that_is_read_is_tried() -> None:
    assert {linktype for linktype, _ in READ.values()} == set(READERS)


@pytest.mark.parametrize("name", READ)
def test_a_syn_is_found_behind_every_link_layer(name: str) -> None:
    linktype, data = READ[name]
    found = dissect(linktype, data)
    v6 = "v6" in name or name == "cooked v2"
    ends = (int.from_bytes(A6, "big"), int.from_bytes(B6, "big")) if v6 else (A4, B4)
    assert found == (*ends, 1000, 80, 6 | (IPV6_FLAG if v6 else 0), 2, 0, len(data))


def test_options_lengthen_the_header_and_padding_is_no_payload() -> None:
    data = ethernet(0x800, ipv4(17, udp(b"abc"), options=bytes(8)) + bytes(20))
    found = dissect(1, data)
    assert not isinstance(found, str)
    assert found[6] == 3
    assert data[found[7] : found[7] + 3] == b"abc"


def test_a_segment_that_the_card_was_to_cut_has_the_frame_s_length() -> None:
    found = dissect(1, ethernet(0x800, ipv4(6, tcp(16, bytes(3000)), total=0)))
    assert found[6] == 3000


@pytest.mark.parametrize(
    "headers",
    [
        [(0, bytes([60, 0]) + bytes(6)), (60, bytes([6, 1]) + bytes(14))],
        [(43, bytes([6, 2]) + bytes(22))],
        [(51, bytes([6, 4]) + bytes(22))],
        [(44, bytes([6, 0, 0, 0]) + bytes(4))],
    ],
    ids=["options", "routing", "authentication", "atomic fragment"],
)
def test_extension_headers_are_walked(headers: list[tuple[int, bytes]]) -> None:
    data = ipv6(headers[0][0], b"".join(body for _, body in headers) + tcp())
    found = dissect(101, data)
    assert found[2:6] == (1000, 80, 6 | IPV6_FLAG, 2)


def test_only_the_first_fragment_has_ports() -> None:
    first = dissect(101, ipv4(17, udp(bytes(1000)), fragment=0x2000))
    later = dissect(101, ipv4(17, bytes(500), fragment=125))
    assert first[2:4] == (1000, 53)
    assert first[5] & FRAGMENT
    assert not first[5] & LATER_FRAGMENT
    assert later[2:4] == (0, 0)
    assert later[5] & LATER_FRAGMENT
    assert first[5] >> IDENTIFICATION_SHIFT == later[5] >> IDENTIFICATION_SHIFT == 7


def test_fragments_of_ipv6_too() -> None:
    header = struct.pack(">BBHI", 17, 0, 1, 99)
    first = dissect(101, ipv6(44, header + udp(bytes(8))))
    later = dissect(101, ipv6(44, struct.pack(">BBHI", 17, 0, 16, 99) + bytes(8)))
    assert first[2:5] == (1000, 53, 17 | IPV6_FLAG)
    assert later[5] & LATER_FRAGMENT
    assert first[5] >> IDENTIFICATION_SHIFT == later[5] >> IDENTIFICATION_SHIFT == 99


def test_icmp_and_arp() -> None:
    assert dissect(101, ipv4(1, icmp(3, 1)))[4:6] == (1, 0x301)
    assert dissect(101, ipv6(58, icmp(128)))[4:6] == (58 | IPV6_FLAG, 0x8000)
    assert dissect(1, ethernet(0x806, ARP)) == (A4, B4, 0, 0, ARP_PROTOCOL, 1, 0, 42)


CAUSES = {
    "ethernet: header cut short": (1, bytes(4)),
    "ipv4: header cut short": (1, ethernet(0x800, SYN4[:19])),
    "ipv4: another version in the header": (1, ethernet(0x800, b"\x60" + SYN4[1:])),
    "ipv4: header length under 20": (1, ethernet(0x800, b"\x44" + SYN4[1:])),
    "ipv4: total length under the header's": (101, ipv4(6, tcp(), total=5)),
    "ipv6: header cut short": (1, ethernet(0x86DD, SYN6[:30])),
    "ipv6: extension headers beyond the length": (101, ipv6(0, bytes(8) + tcp(), length=4)),
    "tcp: header cut short": (101, SYN4[:30]),
    "tcp: header length is impossible": (101, ipv4(6, tcp()[:12] + b"\x10" + tcp()[13:])),
    "udp: header cut short": (101, ipv4(17, bytes(7))),
    "udp: length under the header's": (101, ipv4(17, struct.pack(">HHHH", 1, 2, 5, 0))),
    "icmp: header cut short": (101, ipv4(1, b"\x08\0")),
    "arp: cut short": (1, ethernet(0x806, ARP[:27])),
    "arp: neither request nor answer": (1, ethernet(0x806, ARP[:7] + b"\x09" + ARP[8:])),
    "arp: not for IPv4 on Ethernet": (1, ethernet(0x806, b"\0\6" + ARP[2:])),
    "vlan: more than four tags": (1, ethernet(0x8100, (b"\0\5\x81\0") * 6)),
    "vlan: tag cut short": (1, ethernet(0x8100, b"\0")),
    "no IP: EtherType 0x88cc (LLDP)": (1, ethernet(0x88CC, bytes(40))),
    "no IP: LLC": (1, ethernet(0x0026, bytes(40))),
    "raw: IP version 0": (101, bytes(40)),
    "raw: empty": (101, b""),
    "link type 127 (IEEE 802.11 with radiotap)": (127, bytes(40)),
    "link type 9999": (9999, bytes(40)),
    "linux cooked: header cut short": (113, COOKED[:15]),
    "loopback: header cut short": (0, b"\2\0\0"),
    "no IP: loopback family 7": (0, struct.pack("<I", 7) + SYN4),
    "pppoe: header cut short": (1, ethernet(0x8864, bytes(7))),
    "no IP: PPP control": (1, ethernet(0x8864, struct.pack(">BBHHH", 0x11, 0, 1, 4, 0xC021))),
    "ipv6: another version in the header": (1, ethernet(0x86DD, b"\x40" + SYN6[1:])),
    "ipv6: extension header cut short": (101, ipv6(60, b"\6", length=60)),
    "ipv6: more than eight extension headers": (101, ipv6(0, bytes(8) * 50)),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_what_cannot_be_read_is_named(cause: str) -> None:
    assert dissect(*CAUSES[cause]) == cause


def test_no_cause_that_the_code_names_is_untried() -> None:
    folder = Path(packets.__file__).parent
    text = "".join((folder / f"{name}.py").read_text("utf-8") for name in STAGES)
    named = re.findall(r'f?"((?:[a-z0-9 ]+: |no IP: |link type )[^"{]*)', text)
    assert len(named) > 25
    for cause in named:
        assert any(tried.startswith(cause) for tried in CAUSES), cause


@pytest.mark.parametrize("linktype", set(NAMES) - set(READERS))
def test_a_link_type_that_is_not_read_is_named(linktype: int) -> None:
    assert dissect(linktype, bytes(60)) == f"link type {linktype} ({NAMES[linktype]})"


def whole_frames() -> list[tuple[int, bytes]]:
    frames = [*READ.values(), (1, ethernet(0x806, ARP))]
    frames += [(101, ipv4(17, udp(bytes(30)), fragment=0x2000)), (101, ipv4(1, icmp(3, 3, SYN4)))]
    return [*frames, (101, ipv6(44, struct.pack(">BBHI", 17, 0, 1, 9) + udp(bytes(8))))]


def test_a_frame_cut_anywhere_is_a_packet_or_a_cause() -> None:
    for linktype, data in whole_frames():
        for size in range(len(data)):
            found = dissect(linktype, data[:size])
            assert isinstance(found, str) or len(found) == 8


def test_a_view_of_a_larger_buffer_is_not_read_beyond() -> None:
    for linktype, data in whole_frames():
        for size in range(len(data)):
            view = memoryview(data)[:size]
            assert dissect(linktype, view) == dissect(linktype, data[:size])


def test_random_bytes_are_packets_or_causes() -> None:
    chance = random.Random(5)
    for linktype in (0, 1, 9, 101, 108, 113, 276):
        for _ in range(3000):
            data = chance.randbytes(chance.randint(0, 80))
            if chance.random() < 0.5:
                data = bytes([0x45]) + data if linktype == 101 else data[:12] + b"\x08\0\x45" + data
            found = dissect(linktype, data)
            assert isinstance(found, str) or all(value >= 0 for value in found)
