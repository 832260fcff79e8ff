"""What a recording will hold, decided by a seed alone: the network, the servers and every command.

A plan is data. It can be made, compared and printed without root; `record.py` carries it out.
Addresses are private or set aside for documentation (RFC 5737, RFC 3849), and exist only in the
namespaces of the lab.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

SERVICES = ("http", "https", "ssh", "dns", "mqtt", "iperf", "call")
USUAL = {"http": 80, "https": 443, "ssh": 22, "dns": 53, "mqtt": 1883, "iperf": 5201, "call": 5004}


@dataclass(frozen=True)
class Line:
    """The line to the servers: what `wire.py` does to every packet, each way."""

    delay_ms: float
    jitter_ms: float
    loss: float
    megabits: float


@dataclass(frozen=True)
class Network:
    """Clients behind a router, servers beyond it. Addresses of one family, 4 or 6.

    `stack` are settings of TCP for both sides; servers that `drops_closed` say nothing where no
    program listens, others refuse.
    """

    family: int
    client_prefix: str
    server_prefix: str
    clients: tuple[str, ...]
    servers: tuple[str, ...]
    lan_gateway: str
    wan_gateway: str
    lan_mac: str
    ports: dict[str, int]
    line: Line
    capture_at: str
    mtu: int
    stack: tuple[str, ...]
    drops_closed: bool

    def url(self, server: str, service: str, path: str) -> str:
        """Address of `path` on a server, as curl takes it."""
        host = f"[{server}]" if self.family == 6 else server
        return f"{service}://{host}:{self.ports[service]}{path}"


@dataclass(frozen=True)
class Step:
    """A command that a host runs, at a time counted from the start of the recording."""

    at_seconds: float
    argv: tuple[str, ...]
    host: str = "client"
    limit_seconds: float = 12.0


@dataclass(frozen=True)
class Plan:
    """A whole recording. `attackers` are the addresses whose traffic is malicious."""

    kind: str
    label: str
    seed: int
    network: Network
    steps: tuple[Step, ...]
    attackers: tuple[str, ...]
    most_seconds: float


def draw_network(rng: Random) -> Network:
    """A network unlike the last one: prefixes, hosts, ports, line and place of capture vary."""
    family = 6 if rng.random() < 0.15 else 4
    client_prefix, server_prefix = _prefixes(rng, family)
    clients = _hosts(rng, client_prefix, rng.randint(3, 10))
    servers = _hosts(rng, server_prefix, rng.randint(2, 6))
    delay = rng.choice((0.2, 1.0, 4.0, 12.0, 25.0, 45.0)) * rng.uniform(0.7, 1.4)
    return Network(
        family=family,
        client_prefix=client_prefix,
        server_prefix=server_prefix,
        clients=clients,
        servers=servers,
        lan_gateway=_nth(client_prefix, 1),
        wan_gateway=_nth(server_prefix, 1),
        lan_mac="02:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(5)),
        ports=_ports(rng),
        line=Line(
            delay_ms=round(delay, 2),
            jitter_ms=round(delay * rng.choice((0.0, 0.05, 0.2)), 2),
            loss=rng.choice((0.0, 0.0, 0.0, 0.002, 0.01)),
            megabits=rng.choice((8.0, 20.0, 50.0, 100.0)),
        ),
        capture_at=rng.choice(("lan", "wan")),
        mtu=rng.choice((1500, 1500, 1492, 1400)),
        stack=_stack(rng),
        drops_closed=rng.random() < 0.4,
    )


def _prefixes(rng: Random, family: int) -> tuple[str, str]:
    if family == 6:
        lan = f"fd{rng.randrange(256):02x}:{rng.randrange(65536):x}:{rng.randrange(65536):x}::/64"
        return str(ipaddress.ip_network(lan)), f"2001:db8:{rng.randrange(1, 65536):x}::/64"
    lan = rng.choice(
        (
            f"192.168.{rng.randrange(256)}.0/24",
            f"10.{rng.randrange(256)}.{rng.randrange(256)}.0/24",
            f"172.{rng.randrange(16, 32)}.{rng.randrange(256)}.0/24",
        )
    )
    return lan, rng.choice(("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))


def _stack(rng: Random) -> tuple[str, ...]:
    """Kernels are not alike: options, windows and what grows them."""
    window = rng.choice((32768, 131072, 1048576))
    return (
        f"net.ipv4.tcp_timestamps={rng.choice((0, 1, 1))}",
        f"net.ipv4.tcp_sack={rng.choice((0, 1, 1))}",
        f"net.ipv4.tcp_window_scaling={rng.choice((0, 1, 1))}",
        f"net.ipv4.tcp_rmem=4096 {window} 6291456",
        f"net.ipv4.tcp_wmem=4096 {window} 4194304",
        f"net.ipv4.tcp_ecn={rng.choice((0, 2, 1))}",
        f"net.ipv4.tcp_fin_timeout={rng.choice((5, 30, 60))}",
    )


def _nth(prefix: str, number: int) -> str:
    return str(ipaddress.ip_network(prefix)[number])


def _hosts(rng: Random, prefix: str, count: int) -> tuple[str, ...]:
    return tuple(_nth(prefix, number) for number in rng.sample(range(2, 250), count))


def _ports(rng: Random) -> dict[str, int]:
    ports = dict(USUAL)
    for service in SERVICES:
        if service != "dns" and rng.random() < 0.4:
            ports[service] = rng.randrange(1024, 60000)
    return ports
