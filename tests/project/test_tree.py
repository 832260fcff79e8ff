"""House rules that hold for every tracked file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = {".py", ".c", ".h", ".js", ".ts", ".sh"}
MOST_LINES = 400
MOST_BYTES = 1 << 20
FORBIDDEN = re.compile(
    rb"(?:^|[^A-Za-z0-9_.])/(?:work|farm|home|Users)/"
    rb"|https?://[a-z0-9.-]*(?:pypi|pythonhosted|npmjs|debian)[a-z]*\.",
    re.MULTILINE,
)
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n[A-Za-z0-9+/]{16}")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: which files are tracked cannot be told")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def named(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_no_code_file_is_longer_than_400_lines() -> None:
    long = [
        path
        for path in tracked()
        if path.suffix in CODE and path.read_bytes().count(b"\n") > MOST_LINES
    ]
    assert named(long) == []


def test_no_tracked_file_is_over_a_megabyte() -> None:
    assert named([path for path in tracked() if path.stat().st_size > MOST_BYTES]) == []


def test_no_path_of_a_build_machine_and_no_package_registry() -> None:
    me = Path(__file__)
    found = [p for p in tracked() if p != me and FORBIDDEN.search(p.read_bytes())]
    assert named(found) == []


def test_no_private_key_is_committed() -> None:
    found = [p for p in tracked() if p.suffix == ".key" or PRIVATE_KEY.search(p.read_bytes())]
    assert named(found) == []


@pytest.mark.parametrize(
    "text", [b"see /" + b"work/x", b'open("/home/me/x")', b"https://files.python" + b"hosted.org/x"]
)
def test_the_forbidden_text_is_recognised(text: bytes) -> None:
    assert FORBIDDEN.search(text)


def test_a_private_key_is_recognised() -> None:
    assert PRIVATE_KEY.search(b"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49\n")
