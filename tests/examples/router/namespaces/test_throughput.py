"""Live, 50,000 packets a second of ordinary traffic for half a minute: we drop none."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pcap_writer import write_pcap
from three_hosts import three_hosts

from examples.router.bundles import SHIPPED
from examples.router.compiled import build
from examples.router.packets.files import read_file
from examples.router.packets.problems import Problems

RATE, SECONDS = 50_000, 30
MOST_BYTES = 1514

pytestmark = pytest.mark.skipif(
    not SHIPPED.is_dir(), reason="no bundle is shipped: python -m examples.router train"
)


def test_nothing_is_dropped_at_fifty_thousand_packets_a_second(
    recorded: Path, tmp_path: Path
) -> None:
    if shutil.which("cc") is not None:
        build()
    with three_hosts(tmp_path, serving=False) as lab:
        frames = [
            bytes(frame.captured)
            for kind in ("pages", "household")
            for path in sorted(recorded.glob(f"*-{kind}.pcap"))
            for frame in read_file(path, Problems())
            if len(frame.captured) <= MOST_BYTES
        ]
        number = write_pcap(lab.folder / "mixed.pcap", frames)
        log = lab.folder / "watch.log"
        watch = ("watch", "lan0", "--json", "--seconds", str(SECONDS + 7))
        # The machine may do other things; ours comes first, as on a router.
        program = lab.hosts.router.start(
            *("chrt", "--rr", "5", "python3", "-m", "examples.router", *watch), log=log
        )
        time.sleep(3.0)
        before = received(lab)
        loops = -(-RATE * (SECONDS + 1) // number)
        # A frame of the recording names other hosts: the router hears it and forwards nothing.
        replay = ("tcpreplay", "-q", "-i", "eth0", "-K", "--unique-ip", "--pps", str(RATE))
        began = time.monotonic()
        argv = (*replay, "--loop", str(loops), "/run/lab/mixed.pcap")
        lab.hosts.client.run("nice", "-n", "-19", *argv, limit_seconds=90)
        took = time.monotonic() - began
        sent = received(lab) - before
        assert program.wait(timeout=60) == 0, log.read_text()[-2000:]
    told = json.loads(log.read_text().splitlines()[-1])["summary"]
    print(f"{sent:,} packets in {took:.1f} s, {sent / took:,.0f} a second; {told}")
    assert sent >= RATE * SECONDS
    assert sent / took > 0.9 * RATE, "the sender was too slow for the measurement"
    assert told["dropped"] == 0


def received(lab: object) -> int:
    router = lab.hosts.router  # type: ignore[attr-defined]
    return int(router.run("cat", "/sys/class/net/lan0/statistics/rx_packets").stdout)
