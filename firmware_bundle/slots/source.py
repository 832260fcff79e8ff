"""A bundle to install: a directory, or a `.tar` of one. Nothing of it is trusted yet.

What is read from a source is hashed while it is copied, so it is read once and it does not
matter who can change it meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tarfile
from typing import TYPE_CHECKING, BinaryIO, Protocol

from edge_infer.errors import BadInput, Unavailable, Untrusted
from edge_infer.trust.files import MAX_FILE_BYTES, check_regular, real_path, show
from edge_infer.trust.names import collision, name_fault
from edge_infer.trust.tree import MAX_ENTRIES, MAX_TREE_BYTES, list_tree

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
        raise BadInput(f"there is no bundle {show(path)}", hint="name a directory or a .tar")
    with _open_regular(real) as file:
        yield TarSource(real, file)


class DirectorySource:
    """A directory as it is now."""

    def __init__(self, root: Path) -> None:
        self._paths = list_tree(root)
        self.sizes = {name: path.stat().st_size for name, path in self._paths.items()}

    def blocks(self, name: str) -> Iterator[bytes]:
        """As `Source.blocks`."""
        with _open_regular(self._paths[name]) as file:
            yield from _exactly(file, self.sizes[name], name)


class TarSource:
    """An uncompressed tar archive, of plain files under plain names only."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._members: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        try:
            self._read_members()
        except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:
            raise Untrusted(
                f"{show(path)} is not a whole tar archive",
                expected="an uncompressed .tar, as `bundle --tar` writes it",
                actual=str(error)[:200],
                hint="copy it again",
            ) from None

    def _read_members(self) -> None:
        end = os.fstat(self._file.fileno()).st_size
        total = 0
        with tarfile.open(fileobj=self._file, mode="r:") as archive:
            for count, member in enumerate(archive, start=1):
                name = member.name
                fault = name_fault(name) or _kind_fault(member)
                if fault is not None:
                    raise self._refused(name, fault)
                total += member.size
                if count > MAX_ENTRIES or total > MAX_TREE_BYTES or member.size > MAX_FILE_BYTES:
                    raise self._refused(name, "is more than a bundle holds")
                if member.isdir():
                    continue
                if member.offset_data + member.size > end:
                    raise self._refused(name, "ends after the archive does: it was cut short")
                if name in self.sizes:
                    raise self._refused(name, "stands twice")
                self.sizes[name], self._members[name] = member.size, member.offset_data
        clash = collision(self.sizes)
        if clash is not None:
            raise self._refused(clash[1], f"is {show(clash[0])} on some file systems")

    def blocks(self, name: str) -> Iterator[bytes]:
        """As `Source.blocks`."""
        self._file.seek(self._members[name])
        yield from _exactly(self._file, self.sizes[name], name)

    def _refused(self, name: str, fault: str) -> Untrusted:
        return Untrusted(
            f"{show(self._path)}: the name {show(name)[:200]} {fault}",
            expected="plain files under plain names, each once",
            hint="nothing of it was written; get the archive from its publisher again",
        )


def _kind_fault(member: tarfile.TarInfo) -> str | None:
    if member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse():
        return None
    if member.isdir():
        return None
    kinds = {
        tarfile.SYMTYPE: "a symbolic link",
        tarfile.LNKTYPE: "a hard link",
        tarfile.FIFOTYPE: "a FIFO",
        tarfile.CHRTYPE: "a device",
        tarfile.BLKTYPE: "a device",
    }
    return f"is {kinds.get(member.type, 'no plain file')}"


def _open_regular(path: Path) -> BinaryIO:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        check_regular(path, os.lstat(path), max_bytes=MAX_TREE_BYTES)
        descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise Unavailable(f"cannot read {show(path)}", actual=error.strerror) from error
    file = os.fdopen(descriptor, "rb", buffering=0)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise Untrusted(f"{show(path)} changed while it was opened")
    return file


def _exactly(file: BinaryIO, size: int, name: str) -> Iterator[bytes]:
    left = size
    while left:
        try:
            block = file.read(min(left, BLOCK_BYTES))
        except OSError as error:
            raise Unavailable(f"cannot read {show(name)}", actual=error.strerror) from error
        if not block:
            raise Untrusted(f"{show(name)} became shorter while it was read", hint="copy it again")
        left -= len(block)
        yield block
