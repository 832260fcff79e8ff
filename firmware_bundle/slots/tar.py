"""A bundle as one file: an uncompressed tar archive of plain files under plain names."""

from __future__ import annotations

import os
import tarfile
from typing import TYPE_CHECKING, BinaryIO, cast

from edge_infer.errors import Untrusted
from edge_infer.trust.files import MAX_FILE_BYTES, show
from edge_infer.trust.names import collision, name_fault
from edge_infer.trust.tree import MAX_ENTRIES, MAX_TREE_BYTES
from firmware_bundle.slots.source import exactly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_HEAD_BYTES = 8 << 20
"""Of all headers together. What `bundle --tar` writes has one of 512 bytes for each file."""
MAX_ONE_HEAD_BYTES = 64 << 10
_BROKEN = (tarfile.TarError, ValueError, OverflowError, EOFError, RecursionError)
"""What `tarfile` raises for an archive that is none; headers of headers make it recurse."""


class TarSource:
    """As `Source`, from an archive that was opened once.

    Raises:
        Untrusted: it is cut short, or contains what no bundle contains: a link, a device, a name
            that leaves it, or two names that some file system takes for one.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._members: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        try:
            self._read_members()
        except _BROKEN as error:
            raise Untrusted(
                f"{show(path)} is not a whole tar archive",
                expected="an uncompressed .tar, as `bundle --tar` writes it",
                actual=str(error)[:200],
                hint="copy it again",
            ) from None

    def _read_members(self) -> None:
        end = os.fstat(self._file.fileno()).st_size
        total = 0
        heads = cast("BinaryIO", _Heads(self._file))
        with tarfile.open(fileobj=heads, mode="r:") as archive:
            for count, member in enumerate(archive, start=1):
                name = member.name
                fault = name_fault(name) or _kind_fault(member)
                if fault is not None:
                    raise self._refused(name, fault)
                if member.size < 0:
                    raise self._refused(name, "has less than no bytes")
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
        yield from exactly(self._file, self.sizes[name], name)

    def _refused(self, name: str, fault: str) -> Untrusted:
        return Untrusted(
            f"{show(self._path)}: the name {show(name)[:200]} {fault}",
            expected="plain files under plain names, each once",
            hint="nothing of it was written; get the archive from its publisher again",
        )


class _Heads:
    """The archive as `tarfile` sees it, which reads headers of any length that they claim."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MAX_HEAD_BYTES
        self.tell, self.seek = file.tell, file.seek

    def read(self, size: int) -> bytes:
        """As of a file.

        Raises:
            tarfile.ReadError: it is more than headers of a bundle are.
        """
        if not 0 <= size <= min(MAX_ONE_HEAD_BYTES, self._left):
            raise tarfile.ReadError("its headers are longer than those of a bundle")
        self._left -= size
        return self._file.read(size)


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
