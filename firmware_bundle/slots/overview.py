"""What a root holds, and the way back by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.errors import BadInput, EdgeInferError
from edge_infer.slots import state as states
from edge_infer.slots.disk import Disk, RealDisk
from edge_infer.slots.root import Root, is_root
from edge_infer.trust.files import show
from firmware_bundle.slots.installer import disk_errors

if TYPE_CHECKING:
    import os

    from edge_infer.slots import State


@dataclass(frozen=True)
class Version:
    """One version that is there."""

    name: str
    size_bytes: int
    fault: str | None
    """Why it would be refused; None where it is verified."""


@dataclass(frozen=True)
class Overview:
    """All of a root, verified now."""

    root: Path
    state_readable: bool
    current: str | None
    previous: str | None
    trial: str | None
    attempts: int
    failed: str | None
    floors: dict[str, int]
    """Fingerprint of each key to the highest release that it installed."""
    versions: tuple[Version, ...]


def status(root: str | os.PathLike[str], *, disk: Disk | None = None) -> Overview:
    """Look at a root and verify every version; nothing is written.

    Raises:
        BadInput: it is no root.
        Untrusted: no key is pinned.
    """
    where = _root(root, disk)
    state = where.read_state()
    shown = state or states.EMPTY
    return Overview(
        root=where.path,
        state_readable=state is not None,
        current=shown.current,
        previous=shown.previous,
        trial=shown.trial,
        attempts=shown.attempts,
        failed=shown.failed,
        floors={key: floor.sequence for key, floor in shown.floors.items()},
        versions=tuple(_look(where, name) for name in where.versions()),
    )


def rollback(root: str | os.PathLike[str], *, disk: Disk | None = None) -> State:
    """Let the previous version serve from the next start or `refresh` on.

    For whoever holds the device. The floors stay, so no older release can be installed by it; a
    fleet goes back by a bundle that was published with `may_replace`.

    Raises:
        BadInput: it is no root.
        Unavailable: there is nothing to go back to, or another process is at work.
        Untrusted: the previous version is damaged.
    """
    where = _root(root, disk)
    with disk_errors(where.path), where.lock():
        trust = where.trust()
        state = where.read_state() or states.settle(where.survey(trust))
        back = states.roll_back(state)
        assert back.current is not None, "roll_back leaves a version"
        where.verify(back.current, trust)
        where.write_state(back)
    return back


def _root(path: str | os.PathLike[str], disk: Disk | None) -> Root:
    if not is_root(path):
        raise BadInput(
            f"{show(path)} is no root",
            expected="a directory that `edge-infer install` made",
        )
    return Root(Path(path), disk or RealDisk())


def _look(root: Root, name: str) -> Version:
    try:
        sizes = root.verify(name, root.trust()).sizes
    except EdgeInferError as error:
        return Version(name, 0, error.what)
    return Version(name, sum(sizes.values()), None)
