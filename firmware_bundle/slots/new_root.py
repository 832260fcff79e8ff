"""Make a root where nothing is, or find one: and refuse a directory that holds other things."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edge_infer.errors import BadInput
from edge_infer.slots.root import LOCK, STAGING, STATE, TRUST, VERSIONS, Root
from edge_infer.trust.files import show
from firmware_bundle.slots import launch

if TYPE_CHECKING:
    from pathlib import Path

LAYOUT = frozenset(
    {
        *(STATE, f"{STATE}.new", TRUST, f"{TRUST}.new", VERSIONS, STAGING, LOCK),
        "incoming",
        "incoming.pub",
        "__pycache__",
        *launch.FILES,
        *(f"{name}.new" for name in launch.FILES),
    }
)
"""What a root may hold."""


def make_root(root: Root) -> None:
    """The directories of a root, where there are none.

    Raises:
        BadInput: it cannot stand there, or something else does.
        Untrusted: it is somebody else's.
    """
    disk, path = root.disk, root.path
    if not disk.is_directory(path.parent):
        raise BadInput(
            "the root has no directory to stand in",
            expected=f"a directory {show(path.parent)}",
            hint=f"name another place for the root: {show(path.parent)} is a file"
            if path.parent.exists()
            else f"mkdir -p {show(path.parent)}",
        )
    if not disk.is_directory(path):
        _check_free(path)
        disk.make_directory(path)
        disk.sync_directory(path.parent)
    root.check_owner()
    strange = [name for name in disk.names(path) if name not in LAYOUT]
    if strange and not disk.is_directory(path / VERSIONS):
        raise BadInput(
            f"{show(path)} holds other things",
            expected="a new or an empty directory, or a root",
            actual=", ".join(map(show, strange[:5])),
            hint="name a directory of its own for the root",
        )
    missing = [name for name in (VERSIONS, STAGING) if not disk.is_directory(path / name)]
    for name in missing:
        disk.make_directory(path / name)
    if missing:
        disk.sync_directory(path)


def _check_free(path: Path) -> None:
    """Refuse to make a root where a file is, or where it would break a signed directory."""
    # Of a bundle its source alone is there, so that Python would compile it at every installation.
    from edge_infer.staging import check_place

    if os.path.lexists(path):
        raise BadInput(
            f"{show(path)} is no directory",
            expected="a root, an empty directory, or a path where nothing is",
            actual="a file",
            hint="name another place for the root",
        )
    check_place(path)
