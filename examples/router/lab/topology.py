"""The lab's network: clients — router — line — servers, as a plan describes it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from examples.router.lab.hosts import Host, addresses, link

if TYPE_CHECKING:
    from pathlib import Path

    from examples.router.lab.plan import Network

TOOLS = ("ip", "unshare", "nsenter", "ethtool", "tcpdump", "sysctl")
QUIET = {
    4: ("net.ipv6.conf.all.disable_ipv6=1",),
    6: ("net.ipv6.conf.default.accept_dad=0",),
}
"""So that interfaces wait for nothing and say little by themselves."""


@dataclass
class Topology:
    """The four hosts. The router forwards between `lan0` and `wan0`."""

    client: Host
    router: Host
    line: Host
    server: Host
    _stack: ExitStack

    @classmethod
    def make(cls, network: Network, folder: Path) -> Topology:
        """Build the network; `folder` is /run/lab on the client and the server."""
        with ExitStack() as stack:
            hosts = [
                stack.enter_context(Host(name)) for name in ("client", "router", "line", "server")
            ]
            client, router, line, server = hosts
            for host in hosts:
                host.run("sysctl", "-q", "-w", *QUIET[network.family])
            link(router, "lan0", client, "eth0", network.lan_mac)
            link(router, "wan0", line, "a0")
            link(server, "eth0", line, "b0")
            addresses(client, "eth0", network.clients, network.client_prefix)
            addresses(server, "eth0", network.servers, network.server_prefix)
            addresses(router, "lan0", (network.lan_gateway,), network.client_prefix)
            addresses(router, "wan0", (network.wan_gateway,), network.server_prefix)
            six = ("-6",) if network.family == 6 else ()
            first = ("via", network.lan_gateway, "src", network.clients[0])
            client.run("ip", *six, "route", "add", "default", *first)
            first = ("via", network.wan_gateway, "src", network.servers[0])
            server.run("ip", *six, "route", "add", "default", *first)
            forward = f"net.ipv{network.family}.{'conf.all.forwarding' if six else 'ip_forward'}=1"
            router.run("sysctl", "-q", "-w", forward)
            for end in (client, server):
                end.share(folder)
                end.run("sysctl", "-q", "-w", *network.stack)
                end.run("ip", "link", "set", "eth0", "mtu", str(network.mtu))
            wire = network.line
            line.start(
                *("python3", "-m", "examples.router.lab.wire", "a0", "b0"),
                *("--delay-ms", str(wire.delay_ms), "--jitter-ms", str(wire.jitter_ms)),
                *("--loss", str(wire.loss), "--megabits", str(wire.megabits)),
                log=folder / "wire.log",
            )
            return cls(client, router, line, server, stack.pop_all())

    def host(self, name: str) -> Host:
        """The host that a step names."""
        return {"client": self.client, "router": self.router, "server": self.server}[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
