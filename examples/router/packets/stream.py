"""A file read forward through one buffer, whatever its size and whether or not it is packed."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedReader
    from types import TracebackType

    from examples.router.packets.problems import Problems

CHUNK_BYTES = 256 << 10
GZIP_MAGIC = b"\x1f\x8b"


class Stream:
    """The unread bytes are `data[at:end]`; damage to a packed file ends them, and is counted."""

    def __init__(self, file: BufferedReader, problems: Problems) -> None:
        self._raw = file
        self._file: BufferedReader | gzip.GzipFile = file
        self._problems = problems
        self.data = b""
        self.at = 0
        self.end = 0
        self.is_packed = self.fill(2) and self.data[:2] == GZIP_MAGIC
        self.is_damaged = False
        if self.is_packed:
            self._file = gzip.GzipFile(fileobj=_Again(self.data, file))
            self.data, self.at, self.end = b"", 0, 0

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def fill(self, wanted: int) -> bool:
        """Whether `wanted` unread bytes are in the buffer, after reading on where they were not."""
        while self.end - self.at < wanted:
            more = self._read()
            if not more:
                return False
            self.data = self.data[self.at :] + more
            self.at, self.end = 0, len(self.data)
        return True

    def take(self, wanted: int) -> bytes | None:
        """The next `wanted` bytes, None where the file ends before."""
        if not self.fill(wanted):
            return None
        start = self.at
        self.at += wanted
        return self.data[start : self.at]

    def skip(self, wanted: int) -> bool:
        """Whether the next `wanted` bytes were there, which are not kept."""
        while wanted > self.end - self.at:
            wanted -= self.end - self.at
            self.at = self.end
            if not self.fill(1):
                return False
        self.at += wanted
        return True

    def _read(self) -> bytes:
        try:
            return self._file.read1(CHUNK_BYTES)  # what came before damage is not lost with it
        except (EOFError, zlib.error, gzip.BadGzipFile):
            self.is_damaged = True
            self._problems.add("file: its gzip stream is corrupt or cut short")
            return b""


class _Again(io.RawIOBase):
    """A file from its beginning, of which some was read already: a pipe cannot be wound back."""

    def __init__(self, head: bytes, rest: BufferedReader) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int = -1) -> bytes:
        if not self._head:
            return self._rest.read(size)
        size = len(self._head) if size < 0 else size
        part, self._head = self._head[:size], self._head[size:]
        return part
