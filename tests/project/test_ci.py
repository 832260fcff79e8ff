"""`.ci/run`: its totals, its limits and what it does without root. Every tool is a fake."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of `.ci/run` beside a package list, with fakes of the tools first on PATH."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    (tmp_path / "packages.debian").write_text("# tools\nstrace  # system calls\nqemu-user\n")
    fake(tmp_path, "make", 'echo "$2" >>made; [ "$2" != "$(cat failing 2>/dev/null)" ]')
    fake(tmp_path, "dpkg-query", '[ "$3" != strace ] || echo install ok installed')
    fake(tmp_path, "apt-get", 'echo "$@" >>apt; [ "$1" != "$(cat failing 2>/dev/null)" ]')
    fake(tmp_path, "id", "echo 0")
    fake(tmp_path, "sleep", "")
    return tmp_path


def fake(checkout: Path, name: str, body: str) -> None:
    path = checkout / "bin" / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def run(checkout: Path) -> tuple[int, list[str]]:
    done = subprocess.run(
        [checkout / ".ci" / "run"],
        env={"PATH": f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def test_all_targets_run_and_the_totals_are_the_last_line(checkout: Path) -> None:
    code, lines = run(checkout)
    targets = (checkout / "made").read_text().split()
    assert code == 0
    assert {"check", "demo", "coverage"} <= set(targets)
    assert lines[-1] == f"{len(targets)} passed, 0 failed"


def test_a_failing_target_fails_the_run_and_the_others_still_run(checkout: Path) -> None:
    (checkout / "failing").write_text("check")
    code, lines = run(checkout)
    assert code == 1
    assert "demo" in (checkout / "made").read_text().split()
    assert lines[-1].endswith(" passed, 1 failed")
    assert any(line.startswith("check") and "exit status 1" in line for line in lines)


def test_a_target_over_its_limit_is_stopped(checkout: Path) -> None:
    script = checkout / ".ci" / "run"
    text = re.sub(r"^demo +[0-9]+$", "demo 1", script.read_text(), flags=re.MULTILINE)
    script.write_text(text)
    fake(checkout, "make", '[ "$2" != demo ] || exec /bin/sleep 30')
    code, lines = run(checkout)
    assert code == 1
    assert any(line.startswith("demo") and "over its limit of 1 s" in line for line in lines)


def test_root_installs_only_the_missing_packages(checkout: Path) -> None:
    code, _ = run(checkout)
    asked = (checkout / "apt").read_text().splitlines()
    assert code == 0
    assert asked[0].startswith("update")
    assert asked[1].split()[-1] == "qemu-user"
    assert "strace" not in asked[1]


def test_update_is_tried_again(checkout: Path) -> None:
    (checkout / "failing").write_text("update")
    run(checkout)
    asked = (checkout / "apt").read_text().splitlines()
    assert [line.split()[0] for line in asked] == ["update", "update", "update", "install"]


def test_packages_that_cannot_be_installed_fail_the_run(checkout: Path) -> None:
    (checkout / "failing").write_text("install")
    code, lines = run(checkout)
    assert code == 1
    assert any(line.startswith("packages") and "FAILED" in line for line in lines)


def test_without_root_the_packages_are_skipped_by_name(checkout: Path) -> None:
    fake(checkout, "id", "echo 1000")
    code, lines = run(checkout)
    assert code == 0
    assert any("not root" in line and "qemu-user" in line for line in lines)
    assert not (checkout / "apt").exists()
