"""A folder of snapshots and clips that never takes more than it may."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edge_infer import BadInput

if TYPE_CHECKING:
    from pathlib import Path

OURS = re.compile(r"\d{8}T\d{9}Z-(motion|face|event)-\d+\.(jpg|mp4)|t\d{10}-\w+-\d+\.(jpg|mp4)")
"""Names that this program gives: nothing else is ever removed."""


class Folder:
    """Where pictures are kept."""

    def __init__(self, path: Path, *, budget_bytes: int) -> None:
        """Raises BadInput where the folder cannot be made or written."""
        self.path, self._budget = path, budget_bytes
        try:
            path.mkdir(parents=True, exist_ok=True)
            probe = path / ".probe"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise BadInput(
                "cannot keep pictures", expected=str(path), actual=error,
                hint="choose store.folder where this user can write",
            ) from error  # fmt: skip

    def make_room(self) -> list[str]:
        """Remove the oldest until the rest fits; return what was removed."""
        files = sorted(p for p in self.path.iterdir() if OURS.fullmatch(p.name))
        sizes = {path: path.stat().st_size for path in files}
        total, removed = sum(sizes.values()), []
        for path in files:
            if total <= self._budget:
                break
            path.unlink(missing_ok=True)
            total -= sizes[path]
            removed.append(path.name)
        return removed
