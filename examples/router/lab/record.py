"""Carry out a plan and record it: a capture file and its entry for the manifest."""

from __future__ import annotations

import hashlib
import os
import signal
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from examples.router.lab import servers
from examples.router.lab.hosts import require, wait_until
from examples.router.lab.topology import TOOLS, Topology

if TYPE_CHECKING:
    import subprocess

    from examples.router.lab.hosts import Host
    from examples.router.lab.plan import Plan

SETTLE_SECONDS = 0.6


@dataclass(frozen=True)
class Recording:
    """What the manifest says of one capture file. Times are Unix seconds."""

    file: str
    label: str
    kind: str
    seed: int
    attackers: tuple[str, ...]
    clients: tuple[str, ...]
    servers: tuple[str, ...]
    capture_at: str
    line: dict[str, float]
    endings: dict[str, int]
    started: float
    seconds: float
    packets: int
    bytes: int
    sha256: str


def record(plan: Plan, path: Path) -> Recording:
    """Build the plan's network, run its commands, and leave the capture at `path`.

    Raises:
        edge_infer.Unavailable: not root, or a program is missing.
        LabFailed: the network or a server could not be set up.
    """
    require(*TOOLS, *servers.TOOLS)
    with tempfile.TemporaryDirectory(prefix="router-lab-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # sshd reads the user's keys as that user
        servers.prepare(folder, plan.seed)
        with Topology.make(plan.network, folder) as lab:
            servers.start(lab.server, plan.network, folder, plan.seed)
            started = time.time()
            capture = listen(lab.router, f"{plan.network.capture_at}0", folder)
            endings = carry_out(plan, lab, folder / "commands.log")
            time.sleep(SETTLE_SECONDS)
            seconds = time.time() - started
            lab.router.run("pkill", "-INT", "-x", "tcpdump")
            capture.wait(timeout=10)
        data = (folder / "capture.pcap").read_bytes()
        counted = (folder / "tcpdump.log").read_text()
    path.write_bytes(data)
    net = plan.network
    return Recording(
        file=path.name,
        label=plan.label,
        kind=plan.kind,
        seed=plan.seed,
        attackers=plan.attackers,
        clients=net.clients,
        servers=net.servers,
        capture_at=net.capture_at,
        line=asdict(net.line),
        endings=endings,
        started=round(started, 3),
        seconds=round(seconds, 3),
        packets=captured(counted),
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def listen(router: Host, interface: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start tcpdump on the router and wait until it listens."""
    log = folder / "tcpdump.log"
    router.share(folder)
    argv = ("-i", interface, "-U", "-Z", "root", "-B", "8192", "-w", "/run/lab/capture.pcap")
    capture = router.start("tcpdump", *argv, log=log)
    wait_until(lambda: "listening on" in log.read_text(), "tcpdump")
    return capture


def captured(log: str) -> int:
    """How many packets tcpdump wrote, by its own word."""
    return int(log.split(" packets captured")[0].split()[-1])


def carry_out(plan: Plan, lab: Topology, log: Path) -> dict[str, int]:
    """Start every command at its time and stop what is over its limit.

    Returns how many ended with which exit status; `stopped` counts those over their limit.
    """
    waiting = sorted(plan.steps, key=lambda step: step.at_seconds)
    running: list[tuple[float, subprocess.Popen[bytes]]] = []
    endings: Counter[str] = Counter()
    begun = time.monotonic()
    while waiting or running:
        now = time.monotonic() - begun
        if now > plan.most_seconds:
            waiting = []
        while waiting and waiting[0].at_seconds <= now:
            step = waiting.pop(0)
            until = min(now + step.limit_seconds, plan.most_seconds)
            running.append((until, lab.host(step.host).start(*step.argv, log=log)))
        for pair in list(running):
            status = pair[1].poll()
            late = status is None and now > pair[0]
            if late:
                os.killpg(pair[1].pid, signal.SIGKILL)
            if late or status is not None:
                endings["stopped" if late else str(status)] += 1
                running.remove(pair)
        time.sleep(0.01)
    return dict(endings)
