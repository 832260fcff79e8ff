"""What a medium refuses, said with what to do."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from edge_infer.errors import Unavailable
from edge_infer.trust.files import show

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what a medium refuses into Unavailable."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"cannot work on {show(path)}: {error.strerror or error}",
            actual=error.filename,
            hint="what was installed goes on serving; mend the medium, make room, or become the "
            "owner, then try again",
        ) from error
