"""What of a root is not a version: a start script and a door for `import edge_infer`.

Both stay while versions come and go, and take what they start from the version that serves.
"""

from __future__ import annotations

import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_infer.slots import Root

FILES = {"run": ("root_run", 0o755), "edge_infer.py": ("root_door", 0o644)}
"""Name in a root to name here and mode."""


def write(root: Root, *, replace: bool) -> None:
    """Put them into a root that has none, or, to `replace` them, others.

    Raises:
        OSError: the medium refuses.
    """
    for name, (source, mode) in FILES.items():
        data = pkgutil.get_data(__package__, source)
        assert data is not None, "a part of this package"
        try:
            found = root.disk.read(root.path / name, max_bytes=len(data) + 1)
        except FileNotFoundError:
            found = b""
        if not found or (replace and found != data):
            root.replace_file(name, data, mode=mode)
