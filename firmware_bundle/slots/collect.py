"""Remove what is not needed any more, so that a cut on the way leaves no half version.

A version first loses its name, in one step; only then do its files go.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.errors import BadInput, EdgeInferError, Unavailable, Untrusted
from edge_infer.slots.disk import Disk, RealDisk
from edge_infer.slots.root import STAGING, VERSIONS, Root, is_root
from edge_infer.trust.files import show
from firmware_bundle.slots.medium import disk_errors

if TYPE_CHECKING:
    from edge_infer.slots import State


def gc(
    root: str | os.PathLike[str], *, budget_bytes: int = 0, disk: Disk | None = None
) -> list[str]:
    """Remove what is neither current, previous nor on trial; return the names.

    Older versions stay, the latest first, as long as all that stays fits `budget_bytes`.

    Raises:
        BadInput: it is no root, or the budget is less than nothing.
        Unavailable: another process is at work, the state cannot be read, or the disk refuses.
        Untrusted: the root is somebody else's, or its `staging` leads out of it.
    """
    check_budget(budget_bytes)
    where = known_root(root, disk)
    with disk_errors(where.path), where.lock():
        state = where.read_state()
        if state is None:
            raise Unavailable(
                "the state cannot be read, so nothing is known to be old",
                hint="start the model once, or install: both write a new state",
            )
        clear_staging(where)
        return collect(where, state, budget_bytes=budget_bytes)


def check_budget(budget_bytes: int) -> None:
    """Refuse a budget that is none.

    Raises:
        BadInput: it is less than nothing.
    """
    if budget_bytes < 0:
        raise BadInput(
            "the budget is less than nothing",
            expected="0 or more bytes",
            actual=budget_bytes,
            hint="leave it out to keep the previous version alone",
        )


def known_root(path: str | os.PathLike[str], disk: Disk | None) -> Root:
    """The root at `path`, looked at before a lock or anything else is written there.

    Raises:
        BadInput: it is no root.
    """
    if not is_root(path):
        raise BadInput(
            f"{show(path)} is no root",
            expected="a directory that `edge-infer install` made",
            hint="name the directory that install was given, or make one: "
            "edge-infer install BUNDLE ROOT --trust KEY.pub",
        )
    return Root(Path(path), disk or RealDisk())


def collect(root: Root, state: State, *, budget_bytes: int) -> list[str]:
    """As `gc`, by whoever holds the lock."""
    names = sorted(root.versions(), key=_sequence, reverse=True)
    old = [name for name in names if name not in state.kept]
    # Sizes are asked for only where there is a budget to keep.
    room = budget_bytes
    if old and room:
        room -= sum(_size(root.version(name)) for name in names if name in state.kept)
    removed = []
    for name in old:
        size = _size(root.version(name)) if room > 0 else 1
        if size <= room:
            room -= size
        else:
            retire(root, name)
            removed.append(name)
    if removed:
        clear_staging(root)
    return removed


def retire(root: Root, name: str) -> None:
    """Take a version's name away; its files are left to `clear_staging`."""
    root.disk.rename(root.version(name), root.path / STAGING / f"{name}.old")
    root.disk.sync_directory(root.path / VERSIONS)


def clear_staging(root: Root) -> None:
    """Remove what an installation that did not end, or a removal, left behind.

    Raises:
        Untrusted: `staging` is a link.
    """
    staging = root.path / STAGING
    if root.disk.names(staging) and not root.disk.is_directory(staging):
        raise Untrusted(
            f"{show(staging)} is a link: what it leads to is not this root's to remove",
            expected="a directory",
            hint=f"remove the link: rm {show(staging)}",
        )
    for name in root.disk.names(staging):
        remove(root.disk, staging / name)


def remove(disk: Disk, path: Path) -> None:
    """Remove a file or a directory with all that is in it."""
    if not disk.is_directory(path):
        disk.remove_file(path)
        return
    for name in disk.names(path):
        remove(disk, path / name)
    disk.remove_directory(path)


def discard_staging(root: Root) -> None:
    """As `clear_staging`, after something has gone wrong already: it must not hide that."""
    with contextlib.suppress(OSError, EdgeInferError):
        clear_staging(root)


def _sequence(name: str) -> int:
    return int(name.partition("-")[0])


def _size(path: Path) -> int:
    size = 0
    for entry in os.scandir(path):
        size += _size(Path(entry)) if entry.is_dir() else entry.stat().st_size
    return size
