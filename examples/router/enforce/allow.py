"""Who is never banned: this host, its gateways, its name servers, and what a file lists.

Read from the kernel and from resolv.conf each time it is asked, because addresses change while a
router runs.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer import BadInput
from examples.router.enforce.routes import next_hops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.router.enforce.policy import Network

RESOLV = (
    "etc/resolv.conf",
    "tmp/resolv.conf.d/resolv.conf.auto",
    "run/systemd/resolve/resolv.conf",
)
"""resolv.conf of most systems, of OpenWrt, and of systemd behind its stub."""

MAPPED_BITS = 96
"""Of an IPv4 address that is written as IPv6, `::ffff:192.0.2.1`, so many bits come before it."""


@dataclass(frozen=True)
class AllowList:
    """Networks that are never banned. `root` is where /proc and /etc lie."""

    listed: tuple[Network, ...] = ()
    root: Path = Path("/")

    def networks(self) -> dict[Network, str]:
        """Each network with the reason why it is spared."""
        found: dict[Network, str] = dict.fromkeys(self.listed, "in the allow-list")
        for reason, read in (
            ("a name server", name_servers),
            ("a gateway", gateways),
            ("an own address", own_addresses),
        ):
            found |= {network_of(one): reason for one in dict.fromkeys(read(self.root))}
        return found


def read_list(path: Path) -> tuple[Network, ...]:
    """Addresses and prefixes of a file, one a line; `#` begins a comment.

    Raises:
        BadInput: a line is neither; nothing of the file is used then.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path}: the allow-list cannot be read",
            expected="a text file with an address or prefix on each line",
            actual=error,
            hint="check the path, and that you may read it",
        ) from error
    networks = []
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            networks.append(network_of(text))
        except ValueError as error:
            raise BadInput(
                f"{path}:{number}: not an address",
                expected="an IPv4 or IPv6 address or prefix on each line",
                actual=repr(text),
                hint="write it as 192.0.2.0/24 or 2001:db8::/32, a comment behind #",
            ) from error
    return tuple(networks)


def network_of(text: str) -> Network:
    """An address or prefix; an IPv4 one that is written as IPv6 is IPv4, as sources of flows are.

    >>> network_of("::ffff:203.0.113.0/120"), network_of("192.0.2.77/24")
    (IPv4Network('203.0.113.0/24'), IPv4Network('192.0.2.0/24'))

    Raises:
        ValueError: it is neither, or holds addresses of both kinds.
    """
    network = ipaddress.ip_network(text, strict=False)
    written = ipaddress.ip_address(text.partition("/")[0])
    if isinstance(written, ipaddress.IPv4Address) or written.ipv4_mapped is None:
        return network
    if network.prefixlen < MAPPED_BITS:
        raise ValueError("an IPv4 address in IPv6 with a prefix of less than 96 bits")
    return ipaddress.ip_network(
        f"{written.ipv4_mapped}/{network.prefixlen - MAPPED_BITS}", strict=False
    )


def name_servers(root: Path) -> Iterator[str]:
    """Addresses after `nameserver` in resolv.conf."""
    for name in RESOLV:
        for line in lines_of(root / name):
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver":
                address = words[1].partition("%")[0]
                if is_address(address):
                    yield address


def gateways(root: Path) -> Iterator[str]:
    """Next hops of all routes: from /proc/net/route and /proc/net/ipv6_route, and of the kernel at
    hand also those that are not there, of other tables and of routes over several lines.
    """
    if root == Path("/"):
        yield from next_hops()
    for line in lines_of(root / "proc/net/route")[1:]:
        words = line.split()
        if len(words) > 2 and words[2] != "00000000":
            yield socket.inet_ntoa(struct.pack("=I", int(words[2], 16)))
    for line in lines_of(root / "proc/net/ipv6_route"):
        words = line.split()
        if len(words) > 4 and words[4].strip("0"):
            yield str(ipaddress.IPv6Address(int(words[4], 16)))


def own_addresses(root: Path) -> Iterator[str]:
    """Addresses of all interfaces, from /proc/net/fib_trie and /proc/net/if_inet6."""
    address = ""
    for line in lines_of(root / "proc/net/fib_trie"):
        words = line.split()
        if words[:1] == ["|--"]:
            address = words[1]
        elif words[:3] == ["/32", "host", "LOCAL"]:
            yield address
    for line in lines_of(root / "proc/net/if_inet6"):
        yield str(ipaddress.IPv6Address(int(line.split()[0], 16)))


def lines_of(path: Path) -> list[str]:
    """Lines of a file; none where there is no such file, as without IPv6."""
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []


def is_address(text: str) -> bool:
    """Is it an IPv4 or IPv6 address?"""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
