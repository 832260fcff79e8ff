"""SIGKILL on real file systems: before every operation, and at every system call that writes."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from failing_disks import CountingDisk, KillingDisk
from loop_devices import KINDS, mounted
from small_bundles import Fleet, serves

from edge_infer.errors import BadInput, Unavailable
from firmware_bundle.slots import install, status

if TYPE_CHECKING:
    from collections.abc import Iterator

MEDIA = ("here", *KINDS)
EVERY = os.environ.get("EDGE_INFER_EVERY_CRASH") == "1"
CALLS = (
    "openat,mkdir,mkdirat,write,pwrite64,rename,renameat,renameat2,unlink,unlinkat,rmdir,fsync,"
    "fdatasync,syncfs,sync,ftruncate,flock"
)
UPDATE = """
import sys
from firmware_bundle.slots import install
install(sys.argv[1], sys.argv[2], trial=lambda root, name: None)
"""


@pytest.fixture(params=MEDIA)
def medium(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    if request.param == "here":
        (tmp_path / "here").mkdir()
        yield tmp_path / "here"
        return
    with mounted(request.param, tmp_path) as point:
        yield point


def killed_update(bundle: Path, root: Path, at: int) -> bool:
    """Update in a child that is killed before operation `at`; whether it was."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            install(bundle, root, trial=lambda *_: None, disk=KillingDisk(at))
            code = 0
        finally:
            os._exit(code)
    _, status_ = os.waitpid(child, 0)
    if os.WIFSIGNALED(status_):
        assert os.WTERMSIG(status_) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status_) == 0
    return False


def test_case_37_killed_before_every_operation(fleet: Fleet, medium: Path) -> None:
    fleet.install(medium / "template", 1)
    shutil.copytree(medium / "template", medium / "gadget")
    counted = CountingDisk()
    install(fleet.bundle(2), medium / "gadget", trial=lambda *_: None, disk=counted)
    assert counted.steps > 40
    answers = []
    for at in range(1, counted.steps + 1, 1 if EVERY else 6):
        shutil.rmtree(medium / "gadget")
        shutil.copytree(medium / "template", medium / "gadget")
        assert killed_update(fleet.bundle(2), medium / "gadget", at)
        answers.append(serves(medium / "gadget"))
        assert not killed_update(fleet.bundle(2), medium / "gadget", 10**9)
        assert serves(medium / "gadget") == 2
    assert set(answers) == {1, 2}
    assert answers == sorted(answers), "old until the new one is named, new from then on"


def test_case_37_killed_at_every_system_call(fleet: Fleet, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    template, root = tmp_path / "template", tmp_path / "gadget"
    fleet.install(template, 1)
    program = [sys.executable, "-S", "-B", "-c", UPDATE, str(fleet.bundle(2)), str(root)]
    env = {"PATH": os.defpath, "PYTHONPATH": str(Path(__file__).parents[2])}
    shutil.copytree(template, root)
    log = tmp_path / "log"
    traced = subprocess.run(
        ["strace", "-qq", "-e", f"trace={CALLS}", "-o", str(log), *program],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if traced.returncode != 0 and "ptrace" in traced.stderr:
        pytest.skip("strace is not permitted here")
    assert traced.returncode == 0, traced.stderr
    lines = log.read_text().splitlines()
    calls = [line.partition("(")[0] for line in lines]
    first = next(i for i, line in enumerate(lines) if "O_CREAT" in line)
    assert len(calls) - first > 50
    answers = []
    for position in range(first, len(calls), 1 if EVERY else 12):
        # strace counts the calls of each name apart.
        name, nth = calls[position], calls[: position + 1].count(calls[position])
        shutil.rmtree(root)
        shutil.copytree(template, root)
        inject = f"inject={name}:signal=KILL:when={nth}"
        done = subprocess.run(
            ["strace", "-qq", "-e", f"trace={CALLS}", "-e", inject, "-o", str(log), *program],
            env=env, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
        answers.append(serves(root))
    assert answers == sorted(answers)
    assert set(answers) == {1, 2}


@pytest.mark.parametrize("kind", KINDS)
def test_case_39_a_medium_that_is_really_full(fleet: Fleet, tmp_path: Path, kind: str) -> None:
    class Hopeful(CountingDisk):
        """Believes in room that is not there, as where another program writes meanwhile."""

        def free_bytes(self, path: Path) -> int:
            return 10**12

    with mounted(kind, tmp_path, size_bytes=4 << 20) as medium:
        root = medium / "gadget"
        fleet.install(root, 1)
        big = fleet.bundle(2, extra={"wheels/big.whl": bytes(8 << 20)})
        with pytest.raises(Unavailable, match="no room"):
            fleet.install(root, bundle=big)
        with pytest.raises(Unavailable, match=os.strerror(errno.ENOSPC)):
            fleet.install(root, bundle=big, disk=Hopeful())
        assert list((root / "staging").iterdir()) == []
        assert serves(root) == 1
        fleet.install(root, 3)
        assert serves(root) == 3


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.remount])
def test_case_40_a_medium_that_was_mounted_read_only(
    fleet: Fleet, tmp_path: Path, kind: str
) -> None:
    with mounted(kind, tmp_path) as medium:
        root = medium / "gadget"
        fleet.install(root, 1)
        fleet.install(root, 2, trial=None)
        subprocess.run(["mount", "-o", "remount,ro", str(medium)], check=True)
        assert serves(root) == 1
        assert status(root).trial is not None
        with pytest.raises(Unavailable, match="Read-only"):
            fleet.install(root, 3)


def test_case_40_a_medium_that_is_gone(fleet: Fleet, tmp_path: Path) -> None:
    with mounted("ext4", tmp_path) as medium:
        root = medium / "gadget"
        fleet.install(root, 1)
    for place in (root, medium):
        with pytest.raises(Unavailable, match="is its medium mounted"):
            serves(place)
    with pytest.raises(BadInput):
        serves(root, trust=fleet.trust())


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_system_of_that_kind_takes_it_all(fleet: Fleet, tmp_path: Path, kind: str) -> None:
    with mounted(kind, tmp_path) as medium:
        for number in (1, 2, 3):
            fleet.install(medium / "gadget", number)
            assert serves(medium / "gadget") == number
        assert len(status(medium / "gadget").versions) == 2
