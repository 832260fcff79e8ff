"""Everything that dpkt can read is read the same: on the recordings, and on made captures."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from examples.router.packets import Frame, Problems, dissect, read_file
from examples.router.packets.transport import FRAGMENT, IPV6_FLAG
from examples.router.synthetic.attacks import ATTACKS
from examples.router.synthetic.benign import Scene
from examples.router.synthetic.make import BENIGN
from examples.router.synthetic.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

dpkt = pytest.importorskip("dpkt", reason="needs dpkt: pip install -r requirements/dev.txt")

ROOT = Path(__file__).parents[4]
DATA = Path(os.environ.get("EDGE_INFER_DATA", ROOT / "../shared/data")) / "packets"
MOST_FRAMES = 300
LINKS = {1: "ethernet.Ethernet", 113: "sll.SLL", 276: "sll2.SLL2"}


def oracle(frame: Frame) -> tuple[Any, ...] | None:
    """Addresses, ports, protocol, flags and payload bytes by dpkt; None where it has none."""
    data = bytes(frame.captured)
    try:
        if frame.linktype == 101:
            ip = dpkt.ip.IP(data) if data[0] >> 4 == 4 else dpkt.ip6.IP6(data)
        else:
            module, _, name = LINKS[frame.linktype].partition(".")
            ip = getattr(getattr(dpkt, module), name)(data).data
    except (dpkt.UnpackError, KeyError, IndexError):
        return None
    if not isinstance(ip, dpkt.ip.IP | dpkt.ip6.IP6):
        return None
    version = IPV6_FLAG if isinstance(ip, dpkt.ip6.IP6) else 0
    ends = int.from_bytes(ip.src, "big"), int.from_bytes(ip.dst, "big")
    above, protocol = ip.data, ip.p | version
    if isinstance(above, dpkt.tcp.TCP):
        return (*ends, above.sport, above.dport, protocol, above.flags & 0xFF)
    if isinstance(above, dpkt.udp.UDP):
        return (*ends, above.sport, above.dport, protocol, 0)
    return None


def compared(frames: Iterable[Frame]) -> int:
    """How many packets of TCP and UDP were compared."""
    number = 0
    for frame in islice(frames, MOST_FRAMES):
        want = oracle(frame)
        if want is None:
            continue
        got = dissect(frame.linktype, frame.captured)
        if isinstance(got, str) or got[5] >= FRAGMENT:
            # dpkt reads ports of what is cut short or in fragments by other rules.
            assert not isinstance(got, str) or "cut short" in got or "impossible" in got
            continue
        assert (*got[:5], got[5] & 0xFF) == want
        number += 1
    return number


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no recordings in {DATA}; set EDGE_INFER_DATA")
def test_the_recordings_are_read_as_dpkt_reads_them() -> None:
    counts = {
        path.name: compared(read_file(path, Problems())) for path in sorted(DATA.glob("*/*.pcap*"))
    }
    assert len(counts) > 30
    assert sum(counts.values()) > 4000


@pytest.mark.parametrize("name", [*BENIGN, *ATTACKS])
def test_made_traffic_is_read_as_dpkt_reads_it(name: str, tmp_path: Path) -> None:
    wire = Wire(Random(name))
    {**BENIGN, **ATTACKS}[name](Scene(wire, wire.random), 1_700_000_000.0)
    wire.write(tmp_path / "x.pcap")
    found = compared(read_file(tmp_path / "x.pcap", Problems()))
    assert found > 3 or name in ("icmp-tunnel", "ping-sweep", "flood")
