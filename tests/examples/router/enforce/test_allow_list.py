"""Gateway, name servers, own addresses and the listed are spared, whatever the model says."""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from verdict_builder import KernelInMemory, verdict

from edge_infer import BadInput
from examples.router.enforce import routes
from examples.router.enforce.allow import AllowList, own_addresses, read_list
from examples.router.enforce.enforcer import Enforcer
from examples.router.enforce.policy import Policy

ROUTE = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
ROUTE6 = (
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "20010db8000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n"
)
TRIE = """Main:
  +-- 192.168.1.0/24 2 0 2
     |-- 192.168.1.0
        /24 link UNICAST
     |-- 192.168.1.77
        /32 host LOCAL
"""
INET6 = "20010db8000000000000000000000077 02 40 00 80     eth0\n"
RESOLV = "# a comment\nsearch lan\nnameserver 198.51.100.53\nnameserver fe80::53%eth0\nnameserver\n"
RESOLV += "nameserver ::ffff:10.1.1.53\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "proc/net/route": ROUTE,
        "proc/net/ipv6_route": ROUTE6,
        "proc/net/fib_trie": TRIE,
        "proc/net/if_inet6": INET6,
        "etc/resolv.conf": RESOLV,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("192.168.1.1", "a gateway"),
        ("2001:db8::1", "a gateway"),
        ("198.51.100.53", "a name server"),
        ("10.1.1.53", "a name server"),
        ("192.168.1.77", "an own address"),
        ("2001:db8::77", "an own address"),
        ("::ffff:192.168.1.77", "an own address"),
        ("203.0.113.7", "in the allow-list"),
    ],
)
def test_is_spared_with_the_reason(address: str, reason: str, root: Path, tmp_path: Path) -> None:
    kernel = KernelInMemory()
    listed = (ipaddress.ip_network("203.0.113.0/28"),)
    enforcer = Enforcer(
        policy=Policy(strikes=1), firewall=kernel, allow=AllowList(listed, root)
    ).open()
    decision = enforcer.consider(verdict(address))
    assert decision is not None
    assert decision.action == "spare"
    assert reason in decision.reason
    assert kernel.bans == {}
    assert enforcer.consider(verdict("203.0.113.99")) is not None
    assert kernel.bans == {"203.0.113.99": 600}


def test_an_address_that_came_while_running_is_spared(root: Path) -> None:
    allow = AllowList(root=root)
    trie = root / "proc/net/fib_trie"
    trie.write_text(TRIE.replace("192.168.1.77", "192.168.1.88"))
    networks = allow.networks()
    assert ipaddress.ip_network("192.168.1.88") in networks
    assert ipaddress.ip_network("192.168.1.77") not in networks


def test_the_addresses_of_this_very_machine_are_found() -> None:
    assert "127.0.0.1" in set(own_addresses(Path("/")))
    mine = {found[4][0] for found in socket.getaddrinfo("localhost", None)}
    assert mine & set(own_addresses(Path("/")))


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def route(*attributes: bytes) -> bytes:
    body = bytes(routes.ROUTE_BYTES) + b"".join(attributes)
    return routes.HEADER.pack(routes.HEADER.size + len(body), routes.FOUND, 2, 1, 0) + body


def test_what_the_kernel_says_of_routes_is_read_within_its_bounds() -> None:
    hops = b"".join(
        struct.pack("=HBBi", 16, 0, 0, 1) + attribute(routes.GATEWAY, bytes([10, 1, 0, last]))
        for last in (2, 3)
    )
    via = struct.pack("=H", socket.AF_INET6) + bytes.fromhex("20010db8" + "00" * 11 + "05")
    told = route(attribute(routes.MULTIPATH, hops)) + route(attribute(routes.VIA, via))
    whole = ["10.1.0.2", "10.1.0.3", "2001:db8::5"]
    assert routes.read(told) == (whole, True)
    done = routes.HEADER.pack(20, routes.DONE, 2, 1, 0) + bytes(4)
    assert routes.read(told + done) == (whole, False)
    for cut in range(len(told)):
        assert set(routes.read(told[:cut])[0]) <= set(whole)
    chance = Random(8)
    for _ in range(2000):
        broken = bytearray(told)
        for _ in range(3):
            broken[chance.randrange(len(broken))] = chance.choice((0, 1, 4, 255))
        routes.read(bytes(broken))


def test_a_system_without_ipv6_or_resolv_conf_has_a_list_all_the_same(tmp_path: Path) -> None:
    assert AllowList(root=tmp_path).networks() == {}


def test_a_file_lists_addresses_prefixes_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "allow"
    path.write_text("# ours\n10.0.0.0/8  # all of them\n\n2001:db8::5\n192.0.2.77/24\n")
    assert [str(one) for one in read_list(path)] == [
        "10.0.0.0/8",
        "2001:db8::5/128",
        "192.0.2.0/24",
    ]


def test_ipv4_that_is_written_as_ipv6_is_spared_as_ipv4(tmp_path: Path) -> None:
    path = tmp_path / "allow"
    path.write_text("::ffff:203.0.113.0/120\n::ffff:c000:24d\n::ffff:0:0/96\n::/0\n")
    listed = read_list(path)
    assert [str(one) for one in listed] == ["203.0.113.0/24", "192.0.2.77/32", "0.0.0.0/0", "::/0"]
    kernel = KernelInMemory()
    enforcer = Enforcer(
        policy=Policy(strikes=1), firewall=kernel, allow=AllowList(listed[:1], tmp_path)
    ).open()
    for address in ("203.0.113.9", "::ffff:203.0.113.9"):
        enforcer.consider(verdict(address))
    assert kernel.bans == {}


@pytest.mark.parametrize(
    "line", ["10.0.0", "example.org", "10.0.0.0/33", "; 10.0.0.1", "::ffff:10.0.0.0/64"]
)
def test_a_line_that_is_no_address_refuses_the_whole_file(line: str, tmp_path: Path) -> None:
    path = tmp_path / "allow"
    path.write_text(f"10.0.0.1\n{line}\n")
    with pytest.raises(BadInput, match=":2: not an address"):
        read_list(path)


def test_a_missing_allow_list_is_refused_and_not_taken_for_empty(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_list(tmp_path / "none")
