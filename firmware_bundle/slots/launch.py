"""`ROOT/run`: a start script that stays while versions come and go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_infer.slots import Root

NAME = "run"


def write(root: Root, *, replace: bool) -> None:
    """Put the script into a root that has none, or, to `replace` it, another one.

    Raises:
        OSError: the medium refuses.
    """
    data = Path(__file__).with_name("root_run").read_bytes()
    try:
        found = root.disk.read(root.path / NAME, max_bytes=len(data) + 1)
    except FileNotFoundError:
        found = b""
    if not found or (replace and found != data):
        root.replace_file(NAME, data, mode=0o755)
