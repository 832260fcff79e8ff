"""A conversion that is told to end, or killed, leaves no process and no directory behind."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.svm import SVC

if TYPE_CHECKING:
    from collections.abc import Callable

STUBBORN = """
import os, sys, time
sys.path[:0] = sys.argv[2:]
from convert.unpickle.confinement import confine, end_with_parent
pipe = int(sys.argv[1])
end_with_parent(pipe)
confine()
end_with_parent(pipe)
os.write(pipe, b"p")
time.sleep(60)
"""

STARTS_IT = """
import sys, time, pathlib, os
from convert.unpickle.parent import _start
with _start(pathlib.Path(sys.argv[1]), pathlib.Path.cwd()) as (child, result):
    os.read(result, 1)
    print(child.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def conversion(tmp_path: Path, sign, keys: Path, digits) -> Callable[[], subprocess.Popen[bytes]]:
    """Starts `edge-infer convert` of a model whose proof takes long, and waits for its child."""
    X, y = digits
    path = sign(pickle.dumps(SVC(gamma=1e-3).fit(X, y)))
    np.save(tmp_path / "X.npy", X)
    (tmp_path / "tmp").mkdir()
    options = {"trust": keys / "trainer.pub", "key": keys / "fleet.key", "samples": "X.npy"}
    words = [f"--{name}={value}" for name, value in {**options, "out": "artifact"}.items()]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "edge_infer", "convert", str(path), *words],
            cwd=tmp_path, env={"TMPDIR": str(tmp_path / "tmp"), "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            preexec_fn=_as_in_a_terminal,
        )  # fmt: skip

    return start


def _as_in_a_terminal() -> None:
    """Under nohup or in a shell's background the tests would hand on that signals are ignored."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_conversion_that_is_told_to_end_leaves_nothing(
    conversion, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with conversion() as parent:
        child = _child_of(parent.pid)
        parent.send_signal(number)
        out, complaint = parent.communicate(timeout=20)
    assert (parent.returncode, out, complaint) == (code, b"", b"")
    assert not _is_running(child)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (tmp_path / "artifact").exists()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_the_child_ends_with_a_conversion_that_is_killed(conversion) -> None:
    with conversion() as parent:
        child = _child_of(parent.pid)
        parent.kill()
        parent.communicate(timeout=20)
    assert _ends(child)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_a_child_that_never_reports_ends_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_IT, "stubborn.py"], cwd=tmp_path, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert _is_running(child)
        parent.kill()
        parent.communicate()
    assert _ends(child)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_a_child_whose_parent_has_ended_before_does_not_begin(tmp_path: Path) -> None:
    code = """
import os
from convert.unpickle.confinement import end_with_parent
receiver, sender = os.pipe()
end_with_parent(sender)
print("read", flush=True)
os.close(receiver)
end_with_parent(sender)
print("not read")
"""
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout) == (1, "read\n")


def _child_of(parent: int) -> int:
    """The process that unpickles, once it has been busy for a moment."""
    found = Path(f"/proc/{parent}/task/{parent}/children")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if children := found.read_text().split():
            time.sleep(2)
            return int(children[0])
        time.sleep(0.05)
    raise AssertionError("no child was started")


def _ends(pid: int) -> bool:
    deadline = time.monotonic() + 3
    while _is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not _is_running(pid)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
