"""A bundle to install: a directory, or a `.tar` of one. Nothing of it is trusted yet.

What is read from a source is hashed while it is copied, so it is read once and it does not
matter who can change it meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, BinaryIO, Protocol

from edge_infer.errors import BadInput, Untrusted
from edge_infer.trust.files import cannot_read, check_regular, real_path, show
from edge_infer.trust.tree import MAX_TREE_BYTES, list_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BLOCK_BYTES = 256 << 10


class Source(Protocol):
    """Files by name, `/` between the parts."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Name to size in bytes."""

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a file, as many as `sizes` says or a refusal."""


@contextlib.contextmanager
def open_source(path: str | os.PathLike[str]) -> Iterator[Source]:
    """Yield the directory or `.tar` at `path`.

    Raises:
        BadInput: there is neither.
        Untrusted: it contains what no bundle contains, such as a link or a name that leaves it.
    """
    real = real_path(path)
    if real.is_dir():
        yield DirectorySource(real)
        return
    if not os.path.lexists(real):
        raise BadInput(
            f"there is no bundle {show(path)}", hint="name a directory or a .tar that bundle wrote"
        )
    from firmware_bundle.slots.tar import TarSource

    with _open_regular(real) as file:
        yield TarSource(real, file)


class DirectorySource:
    """A directory as it is now."""

    def __init__(self, root: Path) -> None:
        self._paths = list_tree(root)
        self.sizes = {name: os.lstat(path).st_size for name, path in self._paths.items()}

    def blocks(self, name: str) -> Iterator[bytes]:
        """As `Source.blocks`."""
        with _open_regular(self._paths[name]) as file:
            yield from exactly(file, self.sizes[name], name)


def _open_regular(path: str | Path) -> BinaryIO:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        check_regular(path, os.lstat(path), max_bytes=MAX_TREE_BYTES)
        descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise cannot_read(path, error) from error
    file = os.fdopen(descriptor, "rb", buffering=0)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise Untrusted(f"{show(path)} changed while it was opened")
    return file


def exactly(file: BinaryIO, size: int, name: str) -> Iterator[bytes]:
    """The next `size` bytes of `file`, block by block.

    Raises:
        Untrusted: there are fewer.
        Unavailable: they cannot be read.
    """
    left = size
    while left:
        try:
            block = file.read(min(left, BLOCK_BYTES))
        except OSError as error:
            raise cannot_read(name, error) from error
        if not block:
            raise Untrusted(f"{show(name)} became shorter while it was read", hint="copy it again")
        left -= len(block)
        yield block
