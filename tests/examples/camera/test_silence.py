"""A replay makes no network call and writes nothing but its log, as the kernel sees it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import scenes

ROOT = Path(__file__).parents[3]
NETWORK = re.compile(r"socket\(AF_(?!UNIX)|connect\(|sendto\(|bind\(|listen\(|accept")
WRITES = re.compile(r'open(?:at)?\([^"]*"([^"]+)", [^)]*O_(?:WRONLY|RDWR|CREAT|TRUNC)')
MAKES = re.compile(r"\b(mkdir|rename|unlink|link|symlink|truncate|creat|mknod)(?:at|at2)?\(")


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_nothing_is_sent_and_nothing_is_written_but_the_log(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, picture in enumerate(scenes.walk(100, scenes.Walker(step=3))):
        cv2.imwrite(str(folder / f"{number:04d}.png"), picture)
    log = tmp_path / "log"
    trace = tmp_path / "trace"
    subprocess.run(
        ["strace", "-f", "-qq", "-o", str(trace), "-e",
         "trace=%network,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,"
         "unlinkat,link,linkat,symlink,symlinkat,truncate,mknod,mknodat",
         sys.executable, "-m", "examples.camera", "replay", str(folder), "--events", str(log)],
        cwd=ROOT, check=True, stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert '"start"' in log.read_text()
    lines = [line for line in trace.read_text().splitlines() if " = -1 " not in line]
    assert len(lines) > 100
    assert [line for line in lines if NETWORK.search(line)] == []
    written = {found[1] for line in lines if (found := WRITES.search(line))}
    allowed = {str(log), "/dev/null"}
    assert {name for name in written if not in_memory(name)} <= allowed
    assert [line for line in lines if MAKES.search(line)] == []


def in_memory(name: str) -> bool:
    """Files of the kernel's that hold nothing."""
    return name.startswith(("/proc/self/", "/dev/shm/"))
