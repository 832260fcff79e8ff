"""Bans by real nftables on a router between a client and a server."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from three_hosts import ATTACKER, ATTACKER6, CLIENT, SERVER, three_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from three_hosts import Lab

FAR = "203.0.113.77"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with three_hosts(tmp_path_factory.mktemp("lab")) as made:
        yield made


def wait_for(found: object, seconds: float) -> float:
    assert callable(found)
    begun = time.monotonic()
    while not found():
        assert time.monotonic() - begun < seconds, "did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - begun


def test_a_ban_cuts_within_a_second_and_the_ordinary_client_loses_nothing(lab: Lab) -> None:
    url = f"http://{SERVER}/f/800000"
    quiet = ("curl", "-s", "--interface", CLIENT, "--limit-rate", "400k", "-o", "/run/lab/got")
    with lab.losing_nothing(), lab.enforcing("--act") as enforcing:
        assert lab.reaches(ATTACKER)
        fetching = lab.hosts.client.start(*quiet, url)
        before = time.monotonic()
        assert enforcing.attack(ATTACKER).startswith(f"ban {ATTACKER}")
        wait_for(lambda: lab.pings(ATTACKER) == 0, 3.0)
        assert time.monotonic() - before < 1.0 + 1.0  # a lost ping itself waits a second
        assert lab.pings(CLIENT, 100) >= 98
        assert fetching.wait(timeout=20) == 0
    fetched = (lab.folder / "got").read_bytes()
    assert fetched == (lab.folder / "www" / "f" / "800000").read_bytes()


def test_a_connection_that_is_open_already_is_cut_too(lab: Lab) -> None:
    url = f"http://{SERVER}/f/2500000"
    slow = ("curl", "-s", "--interface", ATTACKER, "--limit-rate", "500k", "--max-time", "4")
    with lab.enforcing("--act") as enforcing:
        fetching = lab.hosts.client.start(*slow, "-o", "/run/lab/cut", url)
        wait_for(lambda: (lab.folder / "cut").exists(), 5.0)
        enforcing.attack(ATTACKER)
        assert fetching.wait(timeout=20) == 28
    assert (lab.folder / "cut").stat().st_size < 2_500_000


def test_the_ban_expires_by_the_clock_of_the_kernel(lab: Lab) -> None:
    with lab.enforcing("--act", "--ban-seconds", "2") as enforcing:
        enforcing.attack(ATTACKER)
        assert lab.pings(ATTACKER) == 0
        assert 0 <= lab.bans()[ATTACKER] <= 2
        wait_for(lambda: lab.pings(ATTACKER) == 1, 5.0)
        assert lab.bans() == {}


@pytest.mark.parametrize("how", [None, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_ending_undoes_every_ban(how: int | None, lab: Lab) -> None:
    with lab.enforcing("--act") as enforcing:
        enforcing.attack(ATTACKER)
        assert lab.pings(ATTACKER) == 0
        enforcing.end(how)
        assert not lab.has_table()
        assert lab.reaches(ATTACKER)
        assert enforcing.actions() == ["start", "ban", "stop"]


def test_killed_with_9_the_network_opens_when_the_ban_ends(lab: Lab) -> None:
    with lab.enforcing("--act", "--ban-seconds", "3") as enforcing:
        enforcing.attack(ATTACKER)
        enforcing.kill()
    assert lab.pings(CLIENT, 20) >= 19
    assert lab.pings(ATTACKER) == 0
    wait_for(lambda: lab.pings(ATTACKER) == 1, 6.0)
    assert lab.bans() == {}


def test_a_restart_after_kill_9_takes_over_no_ban(lab: Lab) -> None:
    with lab.enforcing("--act") as enforcing:
        enforcing.attack(ATTACKER)
        enforcing.kill()
    assert ATTACKER in lab.bans()
    with lab.enforcing("--act") as again:
        assert again.greeting == "ready\n"
        assert lab.bans() == {}
        assert lab.reaches(ATTACKER)
        assert '"bans_left_by_earlier_run":1' in again.log.read_text()
    assert not lab.has_table()


def test_a_dry_run_leaves_the_firewall_alone(lab: Lab) -> None:
    with lab.enforcing() as enforcing:
        assert enforcing.attack(ATTACKER).startswith(f"would ban {ATTACKER}")
        assert not lab.has_table()
        assert lab.reaches(ATTACKER)


def test_the_router_itself_is_never_banned(lab: Lab) -> None:
    with lab.enforcing("--act") as enforcing:
        for own in ("192.168.7.1", "192.0.2.1"):
            assert "an own address" in enforcing.attack(own)
        assert lab.bans() == {}


def test_a_gateway_of_any_table_and_of_several_lines_is_never_banned(lab: Lab) -> None:
    """As on a router with two providers, whose second one /proc/net/route does not tell of."""
    line = "192.0.2.201 dev wan0"
    routes = (
        f"198.51.100.0/24 nexthop via 192.0.2.200 dev wan0 nexthop via {line}",
        "default via 192.0.2.202 dev wan0 table 100",
    )
    for route in routes:
        lab.hosts.router.run("ip", "route", "add", *route.split())
    with lab.enforcing("--act") as enforcing:
        for number in (200, 201, 202):
            assert "a gateway" in enforcing.attack(f"192.0.2.{number}")
        assert lab.bans() == {}
    for route in routes:
        lab.hosts.router.run("ip", "route", "del", *route.split())


def test_a_listed_address_is_never_banned(lab: Lab) -> None:
    (lab.folder / "allow").write_text(f"{ATTACKER}  # my scanner\n")
    with lab.enforcing("--act", "--allow", str(lab.folder / "allow")) as enforcing:
        assert enforcing.attack(ATTACKER).startswith("spare")
        assert lab.bans() == {}


def test_a_firewall_that_was_flushed_is_made_again(lab: Lab) -> None:
    with lab.enforcing("--act") as enforcing:
        lab.hosts.router.run("nft", "flush", "ruleset")
        assert enforcing.attack(ATTACKER).startswith("ban")
        assert lab.pings(ATTACKER) == 0


def test_tables_of_others_are_left_as_they_are(lab: Lab) -> None:
    other = "table inet other {\n set s { type ipv4_addr; elements = { 198.51.100.1 }; }\n}\n"
    lab.hosts.router.run("nft", "-f", "-", text=other)
    before = lab.hosts.router.run("nft", "list", "table", "inet", "other").stdout
    with lab.enforcing("--act") as enforcing:
        enforcing.attack(ATTACKER)
    assert lab.hosts.router.run("nft", "list", "table", "inet", "other").stdout == before
    lab.hosts.router.run("nft", "delete", "table", "inet", "other")


def test_a_second_program_is_refused_and_the_first_goes_on(lab: Lab) -> None:
    with lab.enforcing("--act") as first:
        first.attack(ATTACKER)
        with lab.enforcing("--act") as second:
            assert "another program enforces" in second.greeting
            assert second.program.wait(timeout=10) != 0
        assert ATTACKER in lab.bans()


def test_without_the_capability_it_says_which_and_changes_nothing(lab: Lab) -> None:
    argv = ("python3", "-m", "examples.router.enforce", "--act", "--audit-log", "/dev/null")
    less = ("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin")
    done = lab.hosts.router.run(*less, *argv, check=False)
    assert done.returncode == 6
    assert "CAP_NET_ADMIN" in done.stderr
    assert "AmbientCapabilities" in done.stderr
    assert not lab.has_table()


def test_a_granted_capability_is_enough_without_root(lab: Lab) -> None:
    argv = ("python3", "-m", "examples.router.enforce", "--act", "--audit-log", "/run/user/log")
    caps = "+net_admin,+net_raw"
    more = ("setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps", caps)
    lab.hosts.router.run("sh", "-c", "mkdir -p /run/user && chmod 777 /run/user")
    done = lab.hosts.router.run(*more, "--ambient-caps", caps, *argv, check=False)
    assert (done.returncode, done.stdout) == (0, "ready\n"), done.stderr


def test_a_full_disk_for_the_log_bans_nobody(lab: Lab) -> None:
    full = "mount -t tmpfs -o size=4k none /mnt && : >/mnt/log && head -c 4096 /dev/zero >/mnt/log"
    lab.hosts.router.run("sh", "-c", full, check=False)
    with lab.enforcing("--audit-log", "/mnt/log", "--act") as enforcing:
        assert "the audit log cannot be written" in enforcing.greeting
        assert "No space left" in enforcing.greeting
    assert not lab.has_table()
    lab.hosts.router.run("sh", "-c", ": >/mnt/log")
    with lab.enforcing("--audit-log", "/mnt/log", "--act") as enforcing:
        lab.hosts.router.run("sh", "-c", "head -c 8192 /dev/zero >>/mnt/log", check=False)
        said = [enforcing.attack(ATTACKER), enforcing.attack(ATTACKER, 1)]
        assert any("the audit log cannot be written" in line for line in said)
        assert lab.bans() == {}
        assert lab.reaches(ATTACKER)
    lab.hosts.router.run("umount", "/mnt")


def test_more_bans_than_the_set_holds_fail_open(lab: Lab) -> None:
    with lab.enforcing("--act") as enforcing:
        many = ", ".join(f"10.{n >> 8}.{n & 255}.1 timeout 9s" for n in range(4096))
        fill = f"add element inet edge_router banned4 {{ {many} }}\n"
        lab.hosts.router.run("nft", "-f", "-", text=fill)
        said = [enforcing.attack(ATTACKER), enforcing.attack(ATTACKER, 1)]
        assert any(line.startswith(f"fail {ATTACKER}") for line in said), said
        assert "fail" in enforcing.actions()
        assert lab.reaches(ATTACKER)


def test_an_address_of_ipv6_is_banned_alone(tmp_path: Path) -> None:
    with three_hosts(tmp_path, 6, serving=False) as lab, lab.enforcing("--act") as enforcing:
        assert lab.reaches(ATTACKER6)
        enforcing.attack(ATTACKER6)
        assert lab.pings(ATTACKER6) == 0
        assert lab.reaches("fd00:7::20")
        assert ATTACKER6 in lab.bans()
