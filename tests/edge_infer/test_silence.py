"""Load and a thousand predictions: no network, nothing written, nothing printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

WORK = """
import sys, time
import edge_infer
model = edge_infer.load(sys.argv[1], trust=sys.argv[2])
import numpy as np
rows = np.random.default_rng(0).normal(size=(1000, 64))
for row in rows:
    model.predict_one(row)
model.predict_proba(rows)
# The collector's name is looked up a few seconds after a session starts.
time.sleep(float(sys.argv[3]))
"""

LOUD = """
import socket, sys
socket.socket().close()
open(sys.argv[1], "w").close()
"""

NETWORK = re.compile(r"\b(socket|socketpair|connect|bind|sendto|sendmsg|sendmmsg|getaddrinfo)\(")
CHANGES = re.compile(
    r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|\b(creat|mkdir|mkdirat|unlink|unlinkat|rename|"
    r"renameat|renameat2|symlink|link|linkat|truncate|ftruncate|chmod|fchmod|mknod|utimensat)\("
)


def trace(code: str, tmp_path: Path, *arguments: str) -> tuple[list[str], str]:
    """The lines of strace that reach the network or change a file, and what was printed."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    log, home = tmp_path / "strace.log", tmp_path / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ORT_", "XDG_"))}
    done = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=network,file,desc", "-o", str(log),
         sys.executable, "-B", "-c", code, *arguments],
        env={**kept, "HOME": str(home)},
        capture_output=True,
        text=True,
    )  # fmt: skip
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    if not lines and "ptrace" in done.stderr:
        pytest.skip("strace is not permitted here")
    assert done.returncode == 0, done.stderr
    found = [line for line in lines if NETWORK.search(line) or CHANGES.search(line)]
    return [line for line in found if "/dev/null" not in line], done.stdout + done.stderr


def test_load_and_a_thousand_predictions_touch_nothing(
    artifact: Path, trust: Path, tmp_path: Path
) -> None:
    found, printed = trace(WORK, tmp_path, str(artifact), str(trust), "6")
    assert found == []
    assert printed == ""
    assert list((tmp_path / "home").iterdir()) == []


def test_the_trace_would_see_a_noisy_program(tmp_path: Path) -> None:
    found, _ = trace(LOUD, tmp_path, str(tmp_path / "written"))
    assert any("socket(" in line for line in found)
    assert any("/written" in line for line in found)
