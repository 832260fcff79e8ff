"""Files and folders for their user alone, and to read for their group: they show people."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILE, FOLDER = 0o640, 0o750
"""A umask may take more away. What is there already keeps its mode."""


def create(path: Path) -> None:
    """An empty file that was not there. Raises OSError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE))


def make_folder(path: Path) -> None:
    """A folder, and those above it that are missing. Raises OSError."""
    for one in [*reversed(path.parents), path]:
        one.mkdir(FOLDER, exist_ok=True)
