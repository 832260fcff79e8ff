"""`watch` on a real interface: nothing is missed, verdicts fall, and its end is told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from router_frames import ethernet, ipv4, pcap, tcp, udp

from examples.router.live.ring import BLOCK_BYTES
from examples.router.packets.files import read_file
from examples.router.packets.problems import Problems
from examples.router.synthetic.attacks import tcp_scan
from examples.router.synthetic.scene import Scene
from examples.router.synthetic.wire import Wire

ROOT = Path(__file__).parents[4]


def in_namespace(script: str, *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a network namespace of its own, with a pair of interfaces."""
    setup = (
        "ip link add ours type veth peer name theirs; ip link set ours up; ip link set theirs up\n"
    )
    return subprocess.run(
        ["unshare", "--net", "bash", "-c", setup + script.replace("PYTHON", sys.executable)],
        cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("table", ["python", "compiled"])
def test_every_packet_is_counted_and_the_attacks_among_them_are_called_so(table: str) -> None:
    if table == "compiled" and shutil.which("cc") is None:
        pytest.skip("needs a C compiler: apt install gcc")
    options = ("--rate", "2000", "--seconds", "4", "--table", table)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.router.live", *options],
        cwd=ROOT, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    # A busy machine may leave some in the ring at the end; none is lost without being counted.
    assert found["packets"] + found["dropped"] + found["waiting"] == found["sent"] == 8000
    assert found["packets"] > 2000
    assert found["malicious"] > 20


def test_an_interface_that_vanishes_ends_it_with_a_reason() -> None:
    done = in_namespace(
        "said=$(mktemp); "
        "PYTHON -m examples.router watch ours --json --seconds 60 2>$said & pid=$!\n"
        "for _ in $(seq 400); do grep -q watching $said && break; sleep 0.1; done\n"
        "ip link del ours; wait $pid; code=$?; cat $said >&2; rm $said; exit $code",
        timeout=120,
    )
    assert done.returncode == 6, done.stderr
    assert "ours: the interface vanished" in done.stderr
    assert "summary" in json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("comes_back", [True, False])
def test_an_interface_that_comes_back_is_another_one(comes_back: bool) -> None:
    """As ppp0 and wg0 do: the socket hears nothing of it, in silence. A new name is no loss."""
    change = "ip link set ours name wan0"
    if comes_back:
        change = (
            "ip link del ours; ip link add ours type veth peer name theirs; ip link set ours up"
        )
    done = in_namespace(
        "said=$(mktemp)\n"
        "PYTHON -m examples.router watch ours --json --seconds 5 2>$said & pid=$!\n"
        "until grep -q watching $said; do sleep 0.1; done; sleep 1\n"
        f"kill -STOP $pid; {change}; kill -CONT $pid\n"
        "wait $pid; code=$?; cat $said >&2; exit $code"
    )
    if comes_back:
        assert done.returncode == 6, done.stderr
        assert "ours: the interface vanished" in done.stderr
    else:
        assert done.returncode == 0, done.stderr


SENDER = """
import socket
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind(("theirs", 0))
for number in range(12_000):
    sender.send(bytes(12) + b"\\x08\\x06" + bytes(46))
"""


@pytest.mark.parametrize("megabytes", [1, 8])
def test_what_finds_the_ring_full_is_counted_and_a_larger_one_holds_it(megabytes: int) -> None:
    """A program that gets no processor for a while, as on a busy machine."""
    done = in_namespace(
        "for name in ours theirs; do echo 1 >/proc/sys/net/ipv6/conf/$name/disable_ipv6; done\n"
        "said=$(mktemp)\n"
        f"PYTHON -m examples.router watch ours --json --ring {megabytes} 2>$said & pid=$!\n"
        "until grep -q watching $said; do sleep 0.1; done; rm $said; sleep 0.5\n"
        f"kill -STOP $pid; PYTHON -c '{SENDER}'; kill -CONT $pid; sleep 2; kill $pid; wait $pid"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])["summary"]
    assert told["packets"] + told["dropped"] + told["waiting"] == 12_000
    assert (told["dropped"] > 1000) == (megabytes == 1)
    assert (told["dropped"] == 0) == (megabytes == 8)


def judged(path: Path) -> list[tuple[object, ...]]:
    """Of every flow what must not depend on how its packets came."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert "summary" in lines.pop()
    kept = ("first", "last", "flow", "score", "opening")
    return sorted(tuple(map(str, (line[one] for one in kept))) for line in lines)


def watched_and_recorded(interface: str, traffic: str, folder: Path, *, ring: int = 8) -> None:
    """Both programs see the same packets; what is judged of them is in `live` and `replayed`."""
    done = in_namespace(
        "for name in ours theirs; do echo 1 >/proc/sys/net/ipv6/conf/$name/disable_ipv6; done\n"
        f"in={folder}\n"
        f"PYTHON -m examples.router watch {interface} --json --ring {ring} >$in/live 2>$in/said &\n"
        "watch=$!\n"
        f"tcpdump -i {interface} -B 65536 -U --time-stamp-precision=nano -Z root -w $in/rec "
        "2>$in/dump &\n"
        "dump=$!\n"
        "until grep -q watching $in/said && grep -q listening $in/dump; do sleep 0.1; done\n"
        f"{traffic}\n"
        "kill $dump $watch; wait $watch || exit 1\n"
        "PYTHON -m examples.router replay $in/rec --json >$in/replayed"
    )
    assert done.returncode == 0, done.stderr


def test_what_is_watched_is_judged_as_a_recording_of_it_is(tmp_path: Path) -> None:
    """By the same rows: the same flows, at the same nanoseconds, with the same scores."""
    scan, last = tmp_path / "scan.pcap", tmp_path / "last.pcap"
    wire = Wire(Random(5))
    tcp_scan(Scene(wire, wire.random), 1_700_000_000.0)
    wire.write(scan)
    # A packet that comes later lets time end the scan's flows in the recording too.
    last.write_bytes(pcap([(0, ethernet(0x800, ipv4(17, udp())))]))
    traffic = (
        f"tcpreplay -q -i theirs --pps 100 {scan} >/dev/null && sleep 6\n"
        f"tcpreplay -q -i theirs {last} >/dev/null && sleep 1"
    )
    watched_and_recorded("ours", traffic, tmp_path)
    assert len(judged(tmp_path / "live")) > 50
    assert judged(tmp_path / "live") == judged(tmp_path / "replayed")


PATIENT = """
import socket, sys
from time import sleep
sys.path.insert(0, "tests/examples/router")
from router_frames import ethernet, ipv4, tcp, udp
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind(("theirs", 0))
for _ in range(60):
    sender.send(ethernet(0x800, ipv4(6, tcp(2))))
    for _ in range(400):
        sender.send(ethernet(0x800, ipv4(17, udp(bytes(700)))))
    sleep(0.1)
"""


def test_traffic_that_waited_for_seconds_is_judged_as_its_recording_is(tmp_path: Path) -> None:
    """A ring that holds all of it, and a program that had no processor."""
    traffic = (
        f"PYTHON -c '{PATIENT}' & send=$!\n"
        "sleep 1; kill -STOP $watch; sleep 5; kill -CONT $watch; wait $send; sleep 1"
    )
    watched_and_recorded("ours", traffic, tmp_path, ring=64)
    told = json.loads((tmp_path / "live").read_text().splitlines()[-1])["summary"]
    assert (told["packets"], told["dropped"], told["clock_steps"]) == (60 * 401, 0, 0)
    assert len(judged(tmp_path / "live")) == 2
    assert judged(tmp_path / "live") == judged(tmp_path / "replayed")


def test_frames_longer_than_a_block_are_judged_as_their_recording_is(tmp_path: Path) -> None:
    """As cards that join segments give them; the ring keeps their beginning."""
    frames = []
    for number in range(40):
        ports = 40_000 + number, 80
        body = b"POST /" + b"%d" % number + b" HTTP/1.1\r\n\r\n" + bytes([65 + number]) * 60_000
        for flags, payload in ((2, b""), (16, body), (16, body[: 20_000 + number]), (17, b"")):
            frames.append(ethernet(0x800, ipv4(6, tcp(flags, payload, ports))))
    (tmp_path / "long.pcap").write_bytes(pcap(list(enumerate(frames))))
    traffic = (
        "ip link set ours mtu 65535; ip link set theirs mtu 65535\n"
        f"tcpreplay -q -i theirs --pps 200 {tmp_path}/long.pcap >/dev/null && sleep 1"
    )
    watched_and_recorded("ours", traffic, tmp_path)
    lengths = [len(one.captured) for one in read_file(tmp_path / "rec", Problems())]
    assert len(lengths) == 160
    assert sum(length > 2 * BLOCK_BYTES for length in lengths) == 40
    assert len(judged(tmp_path / "live")) == 40
    assert judged(tmp_path / "live") == judged(tmp_path / "replayed")


@pytest.mark.parametrize("signals", ["INT", "TERM", "INT TERM", "TERM INT HUP INT"])
def test_however_many_signals_end_it_there_is_one_summary_and_one_status(signals: str) -> None:
    done = in_namespace(
        "said=$(mktemp); "
        "PYTHON -m examples.router watch ours --json --seconds 60 2>$said & pid=$!\n"
        "for _ in $(seq 400); do grep -q watching $said && break; sleep 0.1; done\n"
        f"for name in {signals}; do kill -$name $pid; done\n"
        "wait $pid; code=$?; cat $said >&2; rm $said; exit $code",
    )
    assert (done.returncode, done.stderr) == (0, "watching ours\n")
    (last,) = done.stdout.splitlines()
    assert "summary" in json.loads(last)


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP"])
def test_a_signal_ends_it_and_its_bans_although_nobody_reads(name: str, tmp_path: Path) -> None:
    """The pipe is full before it says its first word, and its reader sleeps."""
    done = in_namespace(
        f"said={tmp_path}/said pipe={tmp_path}/pipe; mkfifo $pipe; sleep 30 <$pipe & reader=$!\n"
        "exec 7>$pipe; timeout 1 cat /dev/zero >&7\n"
        f"PYTHON -m examples.router watch ours --json --enforce nftables --act --audit-log "
        f"{tmp_path}/log >&7 2>$said & pid=$!\n"
        "for _ in $(seq 400); do nft list tables | grep -q edge_router && break; sleep 0.1; done\n"
        f"sleep 1; kill -{name} $pid\n"
        "for _ in $(seq 60); do kill -0 $pid || break; sleep 0.1; done\n"
        "kill -0 $pid && echo goes on; kill -9 $pid; wait $pid; echo status $?\n"
        "nft list tables; kill $reader"
    )
    assert done.stdout == "status 0\n", done.stderr


@pytest.mark.parametrize("state", ["down", "up"])
def test_an_interface_that_is_down_is_told(state: str) -> None:
    done = in_namespace(
        f"ip link set ours {state}\nPYTHON -m examples.router watch ours --json --seconds 1"
    )
    assert done.returncode == 0, done.stderr
    assert ("ip link set ours up" in done.stderr) == (state == "down")


def test_an_interface_that_is_not_there_is_named_with_those_that_are() -> None:
    done = in_namespace("PYTHON -m examples.router watch wan9 --json")
    assert done.returncode == 5
    assert "ours" in done.stderr
    assert "wan9" in done.stderr


def test_without_the_capability_it_says_which_one_and_how_to_grant_it() -> None:
    done = in_namespace(
        "exec setpriv --bounding-set -net_raw --inh-caps -net_raw "
        "PYTHON -m examples.router watch ours --json"
    )
    assert done.returncode == 6, done.stderr
    assert "CAP_NET_RAW" in done.stderr
    assert "setcap" in done.stderr


def test_in_a_terminal_it_draws_a_picture_and_leaves_the_terminal_as_it_was() -> None:
    done = in_namespace(
        "script -qec 'stty cols 100 rows 40; "
        "TERM=xterm PYTHON -m examples.router watch ours --seconds 3' /dev/null </dev/null"
    )
    assert done.returncode == 0, done.stderr + done.stdout
    said = done.stdout
    assert "ours" in said
    assert "packets/s" in said
    assert said.index("\x1b[?1049h") < said.rindex("\x1b[?1049l")  # its own screen, and back
