"""What a root holds, and the way back by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_infer.errors import EdgeInferError
from edge_infer.slots import state as states
from firmware_bundle.slots.collect import known_root
from firmware_bundle.slots.medium import disk_errors

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from edge_infer.slots import Root, State
    from edge_infer.slots.disk import Disk


@dataclass(frozen=True)
class Version:
    """One version that is there, or that should be."""

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

    @property
    def damaged(self) -> dict[str, str]:
        """Name of each version that would be refused, or is gone, to the reason."""
        return {one.name: one.fault for one in self.versions if one.fault is not None}


def status(root: str | os.PathLike[str], *, disk: Disk | None = None) -> Overview:
    """Look at a root and verify every version; nothing is written.

    Raises:
        BadInput: it is no root.
        Untrusted: no key is pinned.
    """
    where = known_root(root, disk)
    state = where.read_state()
    shown = state or states.EMPTY
    names = sorted({*where.versions(), *shown.kept})
    return Overview(
        root=where.path,
        state_readable=state is not None,
        current=shown.current,
        previous=shown.previous,
        trial=shown.trial,
        attempts=shown.attempts,
        failed=shown.failed,
        floors={key: floor.sequence for key, floor in shown.floors.items()},
        versions=tuple(_look(where, name) for name in names),
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
    where = known_root(root, disk)
    with disk_errors(where.path), where.lock():
        trust = where.trust()
        state = where.read_state() or states.settle(where.survey(trust))
        back = states.roll_back(state)
        assert back.current is not None, "roll_back leaves a version"
        where.verify(back.current, trust)
        where.write_state(back)
    return back


def _look(root: Root, name: str) -> Version:
    try:
        sizes = root.verify(name, root.trust()).sizes
    except EdgeInferError as error:
        return Version(name, 0, error.what)
    return Version(name, sum(sizes.values()), None)
