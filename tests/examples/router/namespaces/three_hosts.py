"""Client, router and server for tests of the firewall, and what they do to one another."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from examples.router.enforce.policy import Policy
from examples.router.lab import servers
from examples.router.lab.plan import USUAL, Line, Network
from examples.router.lab.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ATTACKER, CLIENT, SERVER = "192.168.7.66", "192.168.7.20", "192.0.2.10"
ATTACKER6, CLIENT6, SERVER6 = "fd00:7::66", "fd00:7::20", "2001:db8:7::10"
MAC = "02:00:00:00:07:01"


def network(family: int = 4) -> Network:
    """A quick line, usual ports, the attacker and an ordinary client behind one router."""
    four = ("192.168.7.0/24", "192.0.2.0/24", (ATTACKER, CLIENT), (SERVER,))
    six = ("fd00:7::/64", "2001:db8:7::/64", (ATTACKER6, CLIENT6), (SERVER6,))
    client_prefix, server_prefix, clients, targets = four if family == 4 else six
    return Network(
        family=family,
        client_prefix=client_prefix,
        server_prefix=server_prefix,
        clients=clients,
        servers=targets,
        lan_gateway="192.168.7.1" if family == 4 else "fd00:7::1",
        wan_gateway="192.0.2.1" if family == 4 else "2001:db8:7::1",
        lan_mac=MAC,
        ports=dict(USUAL),
        line=Line(delay_ms=0.0, jitter_ms=0.0, loss=0.0, megabits=1000.0),
        capture_at="lan",
        mtu=1500,
        stack=("net.ipv4.tcp_timestamps=1",),
        drops_closed=False,
    )


PROBE = f"""
table inet probe {{
  counter came {{ }}
  counter left {{ }}
  chain first {{
    type filter hook prerouting priority -400; policy accept;
    ip saddr {CLIENT} ip daddr {SERVER} counter name came
    ip saddr {SERVER} ip daddr {CLIENT} counter name came
  }}
  chain last {{
    type filter hook postrouting priority 400; policy accept;
    ip saddr {CLIENT} ip daddr {SERVER} counter name left
    ip saddr {SERVER} ip daddr {CLIENT} counter name left
  }}
}}
"""


@dataclass
class Lab:
    """The hosts, and a folder that client and server see as /run/lab."""

    hosts: Topology
    folder: Path
    family: int

    def pings(self, source: str, count: int = 1) -> int:
        """How many of `count` quick pings of the server came back."""
        target = SERVER6 if ":" in source else SERVER
        done = self.hosts.client.run(
            *("ping", "-c", str(count), "-i", "0.02", "-W", "1", "-I", source, target), check=False
        )
        found = re.search(r"(\d+) received", done.stdout)
        return int(found[1]) if found else 0

    def reaches(self, source: str) -> bool:
        """Whether one of three pings came back: a busy machine is late with the first."""
        return any(self.pings(source) for _ in range(3))

    @contextmanager
    def losing_nothing(self) -> Iterator[None]:
        """Every packet between client and server that comes to the router leaves it.

        Counted on the router, before and after whatever else its firewall does: a lab on a busy
        machine may lose a packet elsewhere.
        """
        router = self.hosts.router
        router.run("nft", "-f", "-", text=PROBE)
        try:
            yield
            told = router.run("nft", "-j", "list", "counters", "table", "inet", "probe").stdout
            counters = [one["counter"] for one in json.loads(told)["nftables"] if "counter" in one]
            packets = {one["name"]: one["packets"] for one in counters}
            assert packets["came"] == packets["left"] > 100, packets
        finally:
            router.run("nft", "delete", "table", "inet", "probe")

    def bans(self) -> dict[str, int]:
        """What the kernel of the router holds in the sets."""
        found: dict[str, int] = {}
        for name in ("banned4", "banned6"):
            listed = ("nft", "-j", "list", "set", "inet", "edge_router", name)
            told = self.hosts.router.run(*listed, check=False)
            for part in json.loads(told.stdout or "{}").get("nftables", []):
                for item in part.get("set", {}).get("elem", []):
                    found[item["elem"]["val"]] = item["elem"]["expires"]
        return found

    def has_table(self) -> bool:
        """Is there a table of ours on the router?"""
        return "edge_router" in self.hosts.router.run("nft", "list", "tables").stdout

    @contextmanager
    def enforcing(self, *options: str) -> Iterator[Enforcing]:
        """The program of enforcement on the router, fed with verdicts by the test."""
        log = self.folder / f"audit-{time.monotonic_ns()}.log"
        argv = ("python3", "-m", "examples.router.enforce", "--audit-log", str(log), *options)
        router = self.hosts.router
        program = subprocess.Popen(
            router.command(*argv),
            env=router.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running = Enforcing(self, program, log)
        try:
            assert program.stdout is not None
            running.greeting = program.stdout.readline()
            yield running
        finally:
            running.end()


@dataclass
class Enforcing:
    """A running program of enforcement."""

    lab: Lab
    program: subprocess.Popen[str]
    log: Path
    greeting: str = ""
    flows: int = 1024

    def attack(self, source: str, times: int = Policy().strikes) -> str:
        """Hand over malicious verdicts on a source; return what was decided of the last."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        for _ in range(times):
            self.flows += 1
            flow = [source, SERVER, self.flows, 22, "tcp"]
            told = {"flow": flow, "first": 1.0, "last": 2.0, "score": 0.99, "verdict": "malicious"}
            self.program.stdin.write(
                json.dumps(told | {"why": ["a test"], "latency_ms": 1.0}) + "\n"
            )
        self.program.stdin.flush()
        return self.program.stdout.readline().strip()

    def actions(self) -> list[str]:
        """The actions of the audit log, in order."""
        return [json.loads(line)["action"] for line in self.log.read_text().splitlines()]

    def kill(self) -> None:
        """SIGKILL the program itself, not only nsenter before it."""
        number = self.lab.hosts.router.run("pgrep", "-f", str(self.log)).stdout.split()
        self.lab.hosts.router.run("kill", "-9", *number)
        self.program.wait(timeout=10)

    def end(self, by: int | None = None) -> str:
        """End it by the end of its input, or by a signal; return what else it printed."""
        if by is not None and self.program.poll() is None:
            number = self.lab.hosts.router.run("pgrep", "-f", str(self.log)).stdout.split()
            self.lab.hosts.router.run("kill", f"-{signal.Signals(by).name[3:]}", *number)
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        if not self.program.stdin.closed:
            self.program.stdin.close()
        rest = "" if self.program.stdout.closed else self.program.stdout.read()
        self.program.stdout.close()
        self.program.wait(timeout=10)
        return rest


@contextmanager
def three_hosts(folder: Path, family: int = 4, *, serving: bool = True) -> Iterator[Lab]:
    """The lab's hosts with its servers running."""
    net = network(family)
    folder.chmod(0o755)
    servers.prepare(folder, 1)
    with Topology.make(net, folder) as hosts:
        if serving:
            servers.start(hosts.server, net, folder, 1)
        yield Lab(hosts, folder, family)
