"""`requirements/install` and `make` on machines that lack something, and on repeated runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALL = ROOT / "requirements" / "install"


def fake_python(folder: Path, body: str) -> Path:
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def install(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [INSTALL, folder / "env", *arguments],
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(python)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    old = fake_python(tmp_path, 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    done = install(old, tmp_path, "numpy")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; found: Python 3.9.2" in done.stderr
    assert not (tmp_path / "env").exists()


def test_a_missing_venv_module_is_named(tmp_path: Path) -> None:
    bare = fake_python(
        tmp_path, 'case "$2" in *ensurepip*) exit 1;; esac; exec ' + f'"{sys.executable}" "$@"'
    )
    done = install(bare, tmp_path, "numpy")
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert not (tmp_path / "env").exists()


@pytest.mark.deep
def test_a_failing_pip_shows_its_log(tmp_path: Path) -> None:
    absent = tmp_path / "absent.txt"
    done = install(Path(sys.executable), tmp_path, "-r", str(absent))
    assert done.returncode == 1
    assert "absent.txt" in done.stderr
    assert "the whole log is" in done.stderr
    assert "absent.txt" not in done.stdout


@pytest.mark.deep
def test_a_second_run_keeps_the_environment(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.txt"
    nothing.write_text("")
    first = install(Path(sys.executable), tmp_path, "-r", str(nothing))
    second = install(Path(sys.executable), tmp_path, "-r", str(nothing))
    assert first.returncode == second.returncode == 0
    assert "making" in first.stdout
    assert "making" not in second.stdout


def test_make_help_lists_every_target_that_the_readme_names() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    listed = {line.split()[1] for line in done.stdout.splitlines()}
    assert {"demo", "test", "check", "bench", "clean", "help"} <= listed
