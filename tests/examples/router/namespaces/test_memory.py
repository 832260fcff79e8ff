"""What `watch` takes of a router's memory while invented sources flood it, and when they stop."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.router.floods import LIMIT_MB
from examples.router.compiled import build
from examples.router.compiled.choice import KINDS

ROOT = Path(__file__).parents[4]

PROGRAM = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from examples.router.__main__ import main
assert not any(path.endswith("site-packages") for path in sys.path)
sys.exit(main(["watch", "ours", "--json", "--engine", "native", "--table", sys.argv[1]]))
"""
SENDER = f"""
import socket, sys, time
sys.path.insert(0, {str(ROOT)!r})
from benchmarks.router.floods import syn_flood
frames = [frame.captured for frame in syn_flood(200_000)]
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind(("theirs", 0))
while time.time() % 20 < 9 or time.time() % 20 > 12:
    time.sleep(0.01)
began, number = time.monotonic(), 0
while number < len(frames):
    due = min(int((time.monotonic() - began) * 30_000) + 1, len(frames))
    for at in range(number, due):
        sender.send(frames[at])
    number = due
    time.sleep(0.002)
"""
"""It stops with a full table just before a period of the sources' windows ends."""


def test_a_flood_that_stops_leaves_memory_within_its_bound(tmp_path: Path) -> None:
    """Rows of a full table, periods that are over and the kernel's ring are counted in."""
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler: apt install gcc")
    build()
    (tmp_path / "watch.py").write_text(PROGRAM)
    (tmp_path / "send.py").write_text(SENDER)
    script = [
        "ip link add ours type veth peer name theirs",
        "for name in ours theirs; do",
        "echo 1 >/proc/sys/net/ipv6/conf/$name/disable_ipv6; ip link set $name up; done",
        *(f"$PYTHON -I -S watch.py {kind} >{kind} 2>{kind}.said & {kind}=$!" for kind in KINDS),
        *(f"until grep -q watching {kind}.said; do sleep 0.1; done" for kind in KINDS),
        "$PYTHON send.py; sleep 8",
        *(f"echo {kind} $(grep VmHWM /proc/${kind}/status)" for kind in KINDS),
        "kill $python $compiled; wait",
    ]
    done = subprocess.run(
        ["unshare", "--net", "bash", "-ec", "\n".join(script)],
        cwd=tmp_path, capture_output=True, text=True, timeout=180, check=True,
        env={**os.environ, "PYTHON": sys.executable},
    )  # fmt: skip
    told = {line.split()[0]: int(line.split()[2]) for line in done.stdout.splitlines()}
    assert set(told) == set(KINDS)
    for kind, kilobytes in told.items():
        assert (tmp_path / kind).read_text().count('"malicious"') > 16_384
        assert 30 < kilobytes * 1024 / 1e6 <= LIMIT_MB, (kind, kilobytes)
