"""Write the C source where firmware programmers want it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from edge_infer.staging import staged_directory

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from convert.native.emission import Source


def write_source(source: Source, out: str | os.PathLike[str]) -> None:
    """Make the directory `out` with `edge_model.c` and `edge_model.h`, whole or not at all.

    Raises:
        BadInput: `out` exists.
        Unavailable: the disk is full or refuses.
    """
    with staged_source(source, out):
        pass


@contextlib.contextmanager
def staged_source(source: Source, out: str | os.PathLike[str]) -> Iterator[None]:
    """The same, in place once the block has succeeded, and gone where it has not.

    Raises:
        BadInput: `out` exists.
        Unavailable: the disk is full or refuses.
    """
    with staged_directory(out) as staging:
        (staging / "edge_model.c").write_text(source.c)
        (staging / "edge_model.h").write_text(source.h)
        yield
