"""A guarded router: real attacks through `watch`, from the packet to the ban and its end."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pcap_writer import write_pcap
from three_hosts import ATTACKER, CLIENT, MAC, SERVER, three_hosts

from examples.router.bundles import SHIPPED
from examples.router.lab.flood import Frames, arguments

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from three_hosts import Lab

pytestmark = pytest.mark.skipif(
    not SHIPPED.is_dir(), reason="no bundle is shipped: python -m examples.router train"
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with three_hosts(tmp_path_factory.mktemp("lab")) as made:
        yield made


@dataclass
class Guard:
    """A running `watch`, and where it writes."""

    lab: Lab
    program: subprocess.Popen[bytes]
    audit: Path
    output: Path

    def bans(self) -> dict[str, float]:
        """Banned addresses with the time at which the audit log says so."""
        if not self.audit.exists():
            return {}
        lines = [json.loads(line) for line in self.audit.read_text().splitlines()]
        return {
            one["address"]: datetime.fromisoformat(one["time"]).timestamp()
            for one in lines
            if one["action"] in ("ban", "would ban")
        }

    def wait_for_ban(self, address: str, seconds: float) -> float:
        """The time of an address's ban."""
        until = time.monotonic() + seconds
        while address not in self.bans():
            assert time.monotonic() < until, (
                f"no ban; watch said: {self.output.read_text()[-2000:]}"
            )
            assert self.program.poll() is None, self.output.read_text()
            time.sleep(0.05)
        return self.bans()[address]

    def end(self, signal_name: str = "TERM") -> None:
        """End it by a signal to the program itself."""
        self.lab.hosts.router.run("pkill", f"-{signal_name}", "-f", str(self.audit), check=False)
        self.program.wait(timeout=20)


@contextmanager
def guarding(lab: Lab, *options: str, source: str = "lan0") -> Iterator[Guard]:
    stamp = time.monotonic_ns()
    audit, output = lab.folder / f"audit-{stamp}.log", lab.folder / f"watch-{stamp}.log"
    words = ("watch", source, "--json", "--enforce", "nftables", "--audit-log", str(audit))
    argv = ("python3", "-m", "examples.router", *words, *options)
    program = lab.hosts.router.start(*(word for word in argv if word), log=output)
    until = time.monotonic() + 20
    while not audit.exists():
        assert time.monotonic() < until, output.read_text()
        assert program.poll() is None, output.read_text()
        time.sleep(0.05)
    guard = Guard(lab, program, audit, output)
    try:
        yield guard
    finally:
        guard.end()


@contextmanager
def heard(lab: Lab) -> Iterator[list[float]]:
    """Times at which packets of the attacker reach the server's interface."""
    log = lab.folder / f"heard-{time.monotonic_ns()}.log"
    argv = ("tcpdump", "-n", "-tt", "-l", "-i", "eth0", "src", "host", ATTACKER)
    program = lab.hosts.server.start(*argv, log=log)
    while "listening on" not in (log.read_text() if log.exists() else ""):
        time.sleep(0.05)
    times: list[float] = []
    try:
        yield times
    finally:
        lab.hosts.server.run("pkill", "-INT", "-x", "tcpdump", check=False)
        program.wait(timeout=10)
        times += [float(found) for found in re.findall(r"^(\d+\.\d+) IP", log.read_text(), re.M)]


def scan(lab: Lab) -> subprocess.Popen[bytes]:
    ports = ("-p", "1-4000", "--max-rate", "300", "--max-retries", "0", "--host-timeout", "12s")
    return lab.hosts.client.start(
        "nmap", "-n", "-Pn", "-sS", "-e", "eth0", "-S", ATTACKER, *ports, SERVER
    )


def guess(lab: Lab) -> subprocess.Popen[bytes]:
    quiet = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -q"
    once = "-o NumberOfPasswordPrompts=1 -o PubkeyAuthentication=no -o ConnectTimeout=2"
    login = f"sshpass -p wrong-$n ssh {quiet} {once} -b {ATTACKER} guest@{SERVER}"
    loop = f"for n in $(seq 150); do {login} & sleep 0.2; done; wait"
    return lab.hosts.client.start("sh", "-c", loop)


def flood(lab: Lab) -> subprocess.Popen[bytes]:
    """Replayed by tcpreplay from a file that a script makes."""
    ends = ["--from", ATTACKER, "--to", SERVER, "--port", "80", "--gateway-mac", MAC]
    bounds = ["--count", "1", "--rate", "1", "--seconds", "1", "--interface", "lo", "--seed", "4"]
    frames = Frames(arguments().parse_args(["syn", *ends, *bounds]))
    write_pcap(lab.folder / "flood.pcap", [frames.next() for _ in range(6000)])
    replay = ("tcpreplay", "-q", "-i", "eth0", "--pps", "600", "/run/lab/flood.pcap")
    return lab.hosts.client.start(*replay)


def stop(lab: Lab, attacking: subprocess.Popen[bytes]) -> None:
    """End an attack with all its processes, those with a terminal of their own too."""
    if attacking.poll() is None:
        os.killpg(attacking.pid, signal.SIGKILL)
    attacking.wait(timeout=10)
    lab.hosts.client.run("pkill", "-KILL", "-x", "ssh", check=False)


@pytest.mark.parametrize("attack", [scan, guess, flood], ids=["scan", "guess", "flood"])
def test_an_attack_is_cut_within_a_second_and_the_ordinary_client_loses_nothing(
    attack: object, lab: Lab
) -> None:
    assert callable(attack)
    url = f"http://{SERVER}/f/800000"
    with heard(lab) as times, guarding(lab, "--act", "--ban-seconds", "30") as guard:
        begun = time.time()
        attacking = attack(lab)
        banned = guard.wait_for_ban(ATTACKER, 25.0)  # guessing shows after some 40 tries
        quiet = ("curl", "-s", "--max-time", "15", "--interface", CLIENT)
        with lab.losing_nothing():
            lab.hosts.client.run(*quiet, "-o", "/run/lab/got", url)
            assert lab.pings(CLIENT, 50) >= 49
        goes_on = attacking.poll() is None
        time.sleep(max(0.0, banned + 1.5 - time.time()))
        assert CLIENT not in guard.bans()
        stop(lab, attacking)
        ends = time.time()  # what was cut may retransmit once the bans are undone
    assert (lab.folder / "got").read_bytes() == (lab.folder / "www/f/800000").read_bytes()
    late = [when - banned for when in times if banned < when < ends]
    print(f"{attack.__name__}: banned {banned - begun:.2f} s after its first command, "
          f"last packet {max(late, default=0.0) * 1e3:.0f} ms after the verdict")  # fmt: skip
    assert goes_on, "the attack ended by itself: nothing was cut"
    assert len(times) > 3
    assert max(late, default=0.0) <= 1.0, late


def test_the_ban_of_an_attack_that_is_over_expires(lab: Lab) -> None:
    with guarding(lab, "--act", "--ban-seconds", "3") as guard:
        attacking = flood(lab)
        guard.wait_for_ban(ATTACKER, 14.0)
        stop(lab, attacking)
        assert lab.pings(ATTACKER) == 0
        until = time.monotonic() + 8
        while lab.pings(ATTACKER) == 0:
            assert time.monotonic() < until
    assert not lab.has_table()


def test_a_dry_run_names_the_attacker_and_cuts_nobody(lab: Lab) -> None:
    with guarding(lab) as guard:
        attacking = flood(lab)
        guard.wait_for_ban(ATTACKER, 14.0)
        stop(lab, attacking)
        assert lab.pings(ATTACKER, 5) == 5
        assert not lab.has_table()


def test_killed_with_9_the_network_opens(lab: Lab) -> None:
    with guarding(lab, "--act", "--ban-seconds", "4") as guard:
        attacking = flood(lab)
        guard.wait_for_ban(ATTACKER, 14.0)
        guard.end("KILL")
        stop(lab, attacking)
        assert lab.pings(CLIENT, 20) >= 19
        time.sleep(4.5)
        assert lab.reaches(ATTACKER)


@pytest.mark.parametrize("names", [("INT", "TERM"), ("TERM", "TERM", "HUP")], ids=" ".join)
def test_many_signals_are_one_end_in_order(names: tuple[str, ...], lab: Lab) -> None:
    with guarding(lab, "--act", "--ban-seconds", "30") as guard:
        attacking = flood(lab)
        guard.wait_for_ban(ATTACKER, 14.0)
        found = lab.hosts.router.run("pgrep", "-f", str(guard.audit)).stdout.split()
        for name in names:
            lab.hosts.router.run("kill", f"-{name}", *found, check=False)
        guard.program.wait(timeout=20)
        stop(lab, attacking)
        assert not lab.has_table()
        assert lab.reaches(ATTACKER)
    *_, last = guard.output.read_text().splitlines()
    assert guard.output.read_text().count('{"summary"') == 1, last
    assert "Traceback" not in guard.output.read_text()
    actions = [json.loads(line)["action"] for line in guard.audit.read_text().splitlines()]
    assert (actions[0], actions[-1], actions.count("stop")) == ("start", "stop", 1)


def test_in_the_queue_an_attacker_is_cut_too(lab: Lab) -> None:
    rule = ("FORWARD", "-i", "lan0", "-j", "NFQUEUE", "--queue-num", "5", "--queue-bypass")
    lab.hosts.router.run("iptables", "-I", *rule)
    try:
        with guarding(lab, "--queue", "5", "--act", source="") as guard:
            attacking = flood(lab)
            guard.wait_for_ban(ATTACKER, 14.0)
            assert lab.pings(ATTACKER) == 0
            assert lab.pings(CLIENT, 50) >= 49
            stop(lab, attacking)
    finally:
        lab.hosts.router.run("iptables", "-D", *rule)


def test_an_interface_that_vanishes_ends_it_and_undoes_the_bans(lab: Lab) -> None:
    lab.hosts.router.run("ip", "link", "add", "gone0", "type", "veth", "peer", "name", "gone1")
    lab.hosts.router.run("ip", "link", "set", "gone0", "up")
    with guarding(lab, "--act", source="gone0") as guard:
        assert lab.has_table()
        lab.hosts.router.run("ip", "link", "del", "gone0")
        assert guard.program.wait(timeout=10) == 6
        assert "vanished" in guard.output.read_text()
    assert not lab.has_table()
