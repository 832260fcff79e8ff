"""Packets that wait for their verdict between a client and a server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from three_hosts import ATTACKER, CLIENT, SERVER, three_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from three_hosts import Lab

PROGRAM = str(Path(__file__).with_name("queue_program.py"))
NUMBER = "5"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with three_hosts(tmp_path_factory.mktemp("lab")) as made:
        rule = ("-A", "FORWARD", "-j", "NFQUEUE", "--queue-num", NUMBER, "--queue-bypass")
        made.hosts.router.run("iptables", *rule)
        yield made


@contextmanager
def queue(lab: Lab, *bad: str) -> Iterator[subprocess.Popen[str]]:
    router = lab.hosts.router
    program = subprocess.Popen(
        router.command("python3", PROGRAM, NUMBER, *bad),
        env=router.environment() | {"PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert program.stdout is not None
    with program.stdout:
        greeting = program.stdout.readline()
        assert greeting == "ready\n", greeting + program.stdout.read()
        try:
            yield program
            if program.poll() is None:
                router.run("pkill", "-TERM", "-f", "queue_program.py", check=False)
            program.wait(timeout=10)
        finally:
            program.kill()
            program.wait()


def test_without_a_program_the_network_is_open(lab: Lab) -> None:
    assert lab.pings(CLIENT, 20) >= 19


def test_every_packet_is_seen_and_let_through(lab: Lab) -> None:
    with queue(lab) as program:
        assert lab.pings(CLIENT, 50) >= 49
        url = f"http://{SERVER}/f/800000"
        lab.hosts.client.run("curl", "-s", "-o", "/run/lab/got", "--interface", CLIENT, url)
        lab.hosts.router.run("pkill", "-TERM", "-f", "queue_program.py", check=False)
        assert program.stdout is not None
        counts = json.loads(program.stdout.readline())
    assert (lab.folder / "got").read_bytes() == (lab.folder / "www/f/800000").read_bytes()
    assert counts["seen"] >= 98 + 800_000 // 1448
    assert counts == {"seen": counts["seen"], "accepted": counts["seen"], "dropped": 0}


def test_a_blocked_source_gets_nothing_through_and_others_lose_nothing(lab: Lab) -> None:
    with queue(lab, ATTACKER):
        assert lab.pings(ATTACKER, 5) == 0
        assert lab.pings(CLIENT, 50) >= 49


def test_killed_with_9_the_kernel_lets_all_through(lab: Lab) -> None:
    with queue(lab, ATTACKER) as program:
        lab.hosts.router.run("pkill", "-KILL", "-f", "queue_program.py")
        program.wait(timeout=10)
        assert lab.pings(ATTACKER, 20) >= 19


def test_a_program_that_hangs_holds_up_no_more_than_its_queue(lab: Lab) -> None:
    with queue(lab) as program:
        lab.hosts.router.run("pkill", "-STOP", "-f", "queue_program.py")
        flood = ("udp", "--interface", "eth0", "--gateway-mac", "02:00:00:00:07:01")
        ends = ("--from", CLIENT, "--to", SERVER, "--port", "9", "--bytes", "10")
        bounds = ("--count", "6000", "--rate", "6000", "--seconds", "5")
        lab.hosts.client.run("python3", "-m", "examples.router.lab.flood", *flood, *ends, *bounds)
        assert lab.pings(CLIENT, 10) >= 9
        lab.hosts.router.run("pkill", "-CONT", "-f", "queue_program.py")
        program.send_signal(signal.SIGCONT)  # nsenter stops where its child does


def test_a_queue_that_another_program_reads_is_refused(lab: Lab) -> None:
    with queue(lab):
        again = lab.hosts.router.run("python3", "-c", (
            "from examples.router.inline import PacketQueue\n"
            f"PacketQueue({NUMBER}).open()"), check=False)  # fmt: skip
        assert "cannot be read" in again.stderr
        assert "no other program reads" in again.stderr


def test_without_the_capability_it_is_named(lab: Lab) -> None:
    less = ("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin")
    code = "from examples.router.inline import PacketQueue\nPacketQueue(9).open()"
    done = lab.hosts.router.run(*less, "python3", "-c", code, check=False)
    assert "CAP_NET_ADMIN" in done.stderr
