"""A folder of snapshots and clips that never takes more than it may."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import count
from stat import S_ISREG
from typing import TYPE_CHECKING

from edge_infer import BadInput
from examples.camera import private

if TYPE_CHECKING:
    from pathlib import Path

OURS = re.compile(r"(\d{8}T\d{9}Z|t\d{10,})-(motion|face|event)-\d+(-\d+)?(\.part)?\.(jpg|mp4)")
"""Names that this program gives: nothing else is ever removed."""
MOST_NAMES = 10_000
"""So many pictures of one name: the same recording was watched that often."""


@dataclass(frozen=True)
class Unfinished:
    """A picture or clip that has no name yet."""

    path: Path
    """Where it is written: an empty file of ours."""
    final: Path

    def finish(self) -> None:
        """Give it its name. Raises OSError."""
        self.path.rename(self.final)

    def give_up(self) -> None:
        """Remove it. Raises OSError."""
        self.path.unlink(missing_ok=True)


class Folder:
    """Where pictures are kept."""

    def __init__(self, path: Path, *, budget_bytes: int) -> None:
        """Raises BadInput where the folder cannot be made or written."""
        self.path, self._budget = path, budget_bytes
        try:
            private.make_folder(path)
            probe = path / f".probe-{os.getpid()}"
            private.create(probe)
            probe.unlink()
        except OSError as error:
            raise BadInput(
                "cannot keep pictures", expected=str(path), actual=error,
                hint="choose store.folder where this user can write",
            ) from error  # fmt: skip

    def begin(self, stem: str, suffix: str) -> Unfinished:
        """A place for a picture of that name, or of that name and a number. Raises OSError.

        Whoever made the unfinished file owns the name: no run and no other program takes it then.
        """
        for number in count(1):
            name = stem if number == 1 else f"{stem}-{number}"
            made = Unfinished(self.path / f"{name}.part{suffix}", self.path / f"{name}{suffix}")
            try:
                if made.final.exists():
                    raise FileExistsError(17, "pictures of all names are there", str(made.final))
                private.create(made.path)
            except FileExistsError:
                if number >= MOST_NAMES:
                    raise
                continue
            if not made.final.exists():
                return made
            made.give_up()
        raise AssertionError("count ends nowhere")

    def make_room(self) -> list[str]:
        """Remove the oldest until the rest fits; return what was removed."""
        named = [(p, p.lstat()) for p in self.path.iterdir() if OURS.fullmatch(p.name)]
        # A folder or a link of such a name is not ours.
        found = [(path, status) for path, status in named if S_ISREG(status.st_mode)]
        found.sort(key=lambda one: (one[1].st_mtime_ns, one[0].name))
        total, removed = sum(status.st_size for _, status in found), []
        for path, status in found:
            if total <= self._budget:
                break
            path.unlink(missing_ok=True)
            total -= status.st_size
            removed.append(path.name)
        return removed
