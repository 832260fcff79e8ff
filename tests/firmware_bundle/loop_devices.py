"""A file system of a kind of its own, in a file; needs root, loop devices and its tools.

FAT needs a kernel that has it. exFAT, which has no links and no owners either, has a driver outside
the kernel (Debian: exfat-fuse), so it is tried wherever FUSE is.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Kind:
    """How a file system is made and mounted."""

    make: tuple[str, ...]
    mount: tuple[str, ...]
    remount: bool = True
    """Whether it can be made read-only while it is mounted."""


KINDS = {
    "ext4": Kind(("mkfs.ext4", "-q", "-F"), ("mount",)),
    "vfat": Kind(("mkfs.vfat",), ("mount",)),
    "exfat": Kind(("mkfs.exfat",), ("mount.exfat-fuse", "-o", "umask=022"), remount=False),
}
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


@contextlib.contextmanager
def mounted(kind: str, folder: Path, *, size_bytes: int = 24 << 20) -> Iterator[Path]:
    """Yield the mount point of an empty file system of that kind; skips by name where it cannot."""
    if os.geteuid() != 0:
        pytest.skip(f"not root: no {kind} on a loop device")
    found = KINDS[kind]
    for tool in (found.make[0], found.mount[0]):
        if shutil.which(tool, path=_PATH) is None:
            pytest.skip(f"{tool} is not installed: no {kind} on a loop device")
    image, point = folder / f"{kind}.img", folder / kind
    point.mkdir()
    with image.open("wb") as file:
        file.truncate(size_bytes)
    _run(*found.make, str(image)).check_returncode()
    looped = _run("losetup", "--find", "--show", str(image))
    if looped.returncode != 0:
        pytest.skip(f"no loop device here: {looped.stderr.strip()}")
    device = looped.stdout.strip()
    try:
        done = _run(*found.mount, device, str(point))
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()[0]
            pytest.skip(f"{kind} cannot be mounted here: {said}")
        try:
            yield point
        finally:
            _run("umount", str(point)).check_returncode()
    finally:
        _run("losetup", "--detach", device)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env={**os.environ, "PATH": _PATH}, capture_output=True, text=True, check=False
    )
