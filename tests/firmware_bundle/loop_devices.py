"""A file system of a kind of its own, in a file; needs root, loop devices and its tools."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAKE = {
    "ext4": ["mkfs.ext4", "-q", "-F"],
    "vfat": ["mkfs.vfat"],
}


@contextlib.contextmanager
def mounted(kind: str, folder: Path, *, size_bytes: int = 24 << 20) -> Iterator[Path]:
    """Yield the mount point of an empty file system of that kind; skips by name where it cannot."""
    tool = shutil.which(MAKE[kind][0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if os.geteuid() != 0:
        pytest.skip(f"not root: no {kind} on a loop device")
    if tool is None:
        pytest.skip(f"{MAKE[kind][0]} is not installed: no {kind} on a loop device")
    image, point = folder / f"{kind}.img", folder / kind
    point.mkdir()
    with image.open("wb") as file:
        file.truncate(size_bytes)
    subprocess.run([tool, *MAKE[kind][1:], str(image)], check=True, capture_output=True)
    done = subprocess.run(
        ["mount", "-o", "loop", str(image), str(point)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"{kind} cannot be mounted here: {done.stderr.strip()}")
    try:
        yield point
    finally:
        subprocess.run(["umount", str(point)], check=True)
