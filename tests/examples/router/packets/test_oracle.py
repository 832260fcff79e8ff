"""All that dpkt can read is read the same: recordings, made captures, broken frames, files."""

from __future__ import annotations

import gzip
import os
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from router_frames import enhanced, ethernet, interface, ipv4, pcap, section, tcp

from examples.router.packets import Frame, Problems, dissect, read_file
from examples.router.packets.transport import (
    ARP_PROTOCOL,
    FRAGMENT,
    IDENTIFICATION_SHIFT,
    IPV6_FLAG,
    LATER_FRAGMENT,
)
from examples.router.synthetic.attacks import ATTACKS
from examples.router.synthetic.make import BENIGN
from examples.router.synthetic.scene import Scene
from examples.router.synthetic.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

sys.path.insert(0, str(Path(__file__).parents[1] / "compiled"))
from both_tables import hostile

dpkt = pytest.importorskip("dpkt", reason="needs dpkt: pip install -r requirements/dev.txt")

ROOT = Path(__file__).parents[4]
DATA = Path(os.environ.get("EDGE_INFER_DATA", ROOT / "../shared/data")) / "packets"
LINKS = {0: "loopback.Loopback", 1: "ethernet.Ethernet", 113: "sll.SLL", 276: "sll2.SLL2"}
RAW = (12, 14, 101, 228, 229)
UNKNOWN_TO_DPKT = (135, 139, 140)
"""Extension headers of IPv6 that it takes for a transport."""

STRICTER = {
    "ipv4: another version": "dpkt goes by the EtherType alone",
    "ipv6: another version": "the same",
    "raw: IP version": "dpkt takes any version but 4 for 6",
    "ipv4: total length under": "dpkt takes what was captured",
    "ipv6: extension headers beyond": "the same",
    "ipv6: more than eight extension headers": "a bound of ours",
    "tcp: header length is impossible": "dpkt reads the ports all the same",
    "udp: length under the header's": "the same",
    "arp: not for IPv4": "dpkt gives the bytes as addresses",
    "arp: neither request nor answer": "the same",
    "tcp: header cut short": "dpkt gives bytes",
    "udp: header cut short": "the same",
    "icmp: header cut short": "the same",
}
"""Where we refuse what dpkt reads something of, and why."""


def network_of(frame: Frame) -> Any:
    """dpkt's network layer; None where it has none."""
    data = bytes(frame.captured)
    try:
        if frame.linktype in RAW:
            return dpkt.ip.IP(data) if data[0] >> 4 == 4 else dpkt.ip6.IP6(data)
        module, _, name = LINKS[frame.linktype].partition(".")
        return getattr(getattr(dpkt, module), name)(data).data
    except (dpkt.UnpackError, KeyError, IndexError, AttributeError):
        return None


def oracle(frame: Frame) -> tuple[Any, ...] | None:
    """Addresses, ports, protocol and flags as `dissect` has them, and payload bytes where known."""
    ip = network_of(frame)
    if isinstance(ip, dpkt.arp.ARP):
        ends = int.from_bytes(ip.spa, "big"), int.from_bytes(ip.tpa, "big")
        return (*ends, 0, 0, ARP_PROTOCOL, ip.op, None)
    if isinstance(ip, dpkt.ip.IP):
        version, number = 0, ip.id
        offset, is_part = ip._flags_offset & 0x1FFF, ip._flags_offset & 0x3FFF
    elif isinstance(ip, dpkt.ip6.IP6):
        parts = [one for one in ip.all_extension_headers if hasattr(one, "frag_off")]
        if len(parts) > 1 or getattr(ip, "p", UNKNOWN_TO_DPKT[0]) in UNKNOWN_TO_DPKT:
            return None
        version = IPV6_FLAG
        offset, more, number = (
            (parts[0].frag_off, parts[0].m_flag, parts[0].id) if parts else (0, 0, 0)
        )
        is_part = offset or more
    else:
        return None
    above = ip.data
    ends = int.from_bytes(ip.src, "big"), int.from_bytes(ip.dst, "big")
    part = FRAGMENT | number << IDENTIFICATION_SHIFT if is_part else 0
    protocol = ip.p | version
    if offset:
        if version:  # dpkt takes the middle of a datagram for further headers
            protocol = parts[0].nxt | version
        return (*ends, 0, 0, protocol, part | LATER_FRAGMENT, None)
    if isinstance(above, dpkt.tcp.TCP):
        found = above.sport, above.dport, protocol, above.flags & 0xFF | part, len(above.data)
    elif isinstance(above, dpkt.udp.UDP):
        found = above.sport, above.dport, protocol, part, len(above.data)
    elif isinstance(above, dpkt.icmp.ICMP | dpkt.icmp6.ICMP6):
        found = 0, 0, protocol, above.type << 8 | above.code | part, None
    elif ip.p in (6, 17, 1, 58):
        return None  # its bytes alone
    else:
        found = 0, 0, protocol, part, None
    return (*ends, *found)


def compared(frames: Iterable[Frame]) -> Counter[str]:
    """How many packets were compared, and what was refused of those that dpkt reads."""
    counts: Counter[str] = Counter()
    for frame in frames:
        want = oracle(frame)
        if want is None:
            continue
        got = dissect(frame.linktype, frame.captured)
        if isinstance(got, str):
            counts[got] += 1
            continue
        assert got[:6] == want[:6], (frame, want)
        if want[6] is not None and got[7] + got[6] <= len(frame.captured):  # captured as a whole
            assert got[6] == want[6], frame
            counts["with payload"] += 1
        counts["compared"] += 1
    return counts


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no recordings in {DATA}; set EDGE_INFER_DATA")
def test_every_frame_of_the_recordings_is_read_as_dpkt_reads_it() -> None:
    files = sorted(DATA.glob("*/*.pcap*"))
    counts = sum((compared(read_file(path, Problems())) for path in files), Counter())
    assert len(files) > 30
    assert counts["compared"] > 100_000
    assert counts["with payload"] > 60_000
    assert set(counts) == {"compared", "with payload"}, "dpkt reads more than we do"


@pytest.mark.parametrize("name", [*BENIGN, *ATTACKS])
def test_made_traffic_is_read_as_dpkt_reads_it(name: str, tmp_path: Path) -> None:
    wire = Wire(Random(name))
    {**BENIGN, **ATTACKS}[name](Scene(wire, wire.random), 1_700_000_000.0)
    wire.write(tmp_path / "x.pcap")
    counts = compared(read_file(tmp_path / "x.pcap", Problems()))
    assert counts["compared"] > 3 or name in ("icmp-tunnel", "ping-sweep", "flood")
    assert set(counts) <= {"compared", "with payload"}


@pytest.mark.parametrize("seed", range(3))
def test_broken_frames_are_read_as_dpkt_reads_them_or_refused_for_a_reason(seed: int) -> None:
    counts = compared(hostile(Random(seed), 4000))
    assert counts.pop("compared") > 1500
    assert counts.pop("with payload") > 800
    for cause in counts:
        assert any(cause.startswith(one) for one in STRICTER), cause


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(200, 230))
def test_broken_frames_of_many_seeds(seed: int) -> None:
    test_broken_frames_are_read_as_dpkt_reads_them_or_refused_for_a_reason(seed)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["pcap", "nano", "pcapng", "gz"])
def test_files_have_the_frames_and_times_that_dpkt_finds(
    order: str, kind: str, tmp_path: Path
) -> None:
    frames = [
        (1_700_000_000_000_000_000 + n * 1_000_001_000, ethernet(0x800, ipv4(6, tcp(2, bytes(n)))))
        for n in range(50)
    ]
    if kind == "pcapng":
        blocks = [enhanced(order, data, units=time_ns // 1000) for time_ns, data in frames]
        plain = section(order) + interface(order) + b"".join(blocks)
    else:
        plain = pcap(frames, order=order, nano=kind == "nano")
    (tmp_path / "plain").write_bytes(plain)
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(plain) if kind == "gz" else plain)
    with (tmp_path / "plain").open("rb") as file:
        want = [(round(float(at) * 1e6), data) for at, data in dpkt.pcap.UniversalReader(file)]
    found = [(round(one.timestamp_ns / 1000), one.captured) for one in read_file(path, Problems())]
    assert found == want
    assert len(found) == 50
