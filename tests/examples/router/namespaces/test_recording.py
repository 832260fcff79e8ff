"""The lab, for real: hosts, servers, traffic, capture, manifest, and nothing left behind."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from examples.router.lab.hosts import Host
from examples.router.packets.files import read_file
from examples.router.packets.problems import Problems

ROOT = Path(__file__).parents[4]


def entries(out: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((out / "manifest.json").read_text())
    return found


def test_the_manifest_names_every_file_with_its_label_kind_and_seed(recorded: Path) -> None:
    told = entries(recorded)
    kinds = [entry["kind"] for entry in told]
    assert kinds == ["pages", "household", "household", "scan-syn", "flood-syn"]
    assert [entry["label"] for entry in told] == ["benign"] * 3 + ["malicious"] * 2
    files = {path.name for path in recorded.glob("*.pcap")}
    assert {entry["file"] for entry in told} == files
    assert all(isinstance(entry["seed"], int) for entry in told)


def test_the_digest_and_the_number_of_packets_are_those_of_the_file(recorded: Path) -> None:
    for entry in entries(recorded):
        data = (recorded / str(entry["file"])).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        problems = Problems()
        frames = list(read_file(recorded / str(entry["file"]), problems))
        assert len(frames) == entry["packets"] > 20


def test_commands_did_what_they_were_to_do(recorded: Path) -> None:
    endings = {str(entry["file"]): entry["endings"] for entry in entries(recorded)}
    for kind in ("pages", "scan-syn", "flood-syn"):
        assert {status for name, told in endings.items() if kind in name for status in told} == {
            "0"
        }


def test_only_hosts_of_the_lab_are_heard(recorded: Path) -> None:
    for entry in entries(recorded):
        hosts = {*entry["clients"], *entry["servers"]}  # type: ignore[misc]
        heard = set()
        for frame in read_file(recorded / str(entry["file"]), Problems()):
            if bytes(frame.captured[12:14]) == b"\x08\x00":
                heard |= {socket.inet_ntoa(bytes(frame.captured[26:30]))}
        gateways = {host for host in heard if host.endswith(".1")}
        assert heard - gateways <= hosts


def holders() -> set[int]:
    """Processes that hold hosts: first in a process namespace of their own."""
    mine, found = Path("/proc/self/ns/pid").readlink(), set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "ns" / "pid").readlink() != mine:
                found.add(int(folder.name))
        except OSError:
            continue
    return found


def test_killed_with_9_the_lab_leaves_no_host_behind(tmp_path: Path) -> None:
    before = holders()
    argv = [sys.executable, "-m", "examples.router.lab", "--rounds", "1", "--kind", "echoes"]
    one = subprocess.Popen([*argv, "--out", str(tmp_path)], cwd=ROOT, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while len(holders() - before) < 8 and time.monotonic() < until:
        time.sleep(0.1)
    made = holders() - before
    os.kill(one.pid, signal.SIGKILL)
    one.wait()
    while made & holders() and time.monotonic() < until + 5:
        time.sleep(0.1)
    assert len(made) >= 8
    assert made & holders() == set()


def test_a_host_has_no_way_out() -> None:
    with Host("alone") as host:
        assert host.run("ip", "route").stdout == ""
        links = host.run("ip", "-o", "link").stdout.splitlines()
        assert [line.split(":")[1].strip() for line in links] == ["lo"]
