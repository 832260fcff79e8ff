"""One file of unknown origin: a regular one, no link to it or from it, bounded, read once.

The path is looked at before it is opened, because opening a device can act and opening a FIFO
can block; what was opened is looked at again, because the two may differ by then.
"""

from __future__ import annotations

import errno
import os
import stat

from edge_infer.errors import BadInput, Unavailable, Untrusted
from edge_infer.trust.digest import sha256
from edge_infer.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    Name = str | os.PathLike[str]

BLOCK_BYTES = 1 << 20
MAX_FILE_BYTES = 2 << 30
"""ONNX itself ends at 2 GiB; the cap keeps a sparse file from being hashed for hours."""

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True)
class ReadFile:
    """What one pass over a file saw."""

    sha256: str
    size_bytes: int
    data: bytes | None
    """The very bytes that were hashed, where they were asked for."""


def real_path(path: Name) -> Path:
    """`real_name` as a Path. Importing pathlib costs a device more than reading a small model."""
    from pathlib import Path

    return Path(real_name(path))


def real_name(path: Name) -> str:
    """`path` free of links: those in a path that the caller chose are the caller's own.

    Raises:
        BadInput: it contains NUL, so it names nothing.
    """
    try:
        return os.fspath(os.path.realpath(path))
    except ValueError:
        raise BadInput(f"{show(path)} is not a path") from None


def read_file(path: Name, *, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a regular file that is no link.

    Raises:
        BadInput: there is no such file.
        Untrusted: it is a link, not a regular file, larger than the cap, or changing.
        Unavailable: it cannot be read.
    """
    data = hash_file(path, keep=True, max_bytes=max_bytes).data
    assert data is not None
    return data


def hash_file(path: Name, *, keep: bool, max_bytes: int = MAX_FILE_BYTES) -> ReadFile:
    """Read `path` once, hashing; without `keep` in constant memory.

    Raises: as `read_file`.
    """
    try:
        seen = os.lstat(path)
        check_regular(path, seen, max_bytes=max_bytes)
        descriptor = os.open(path, _FLAGS)
        try:
            opened = os.fstat(descriptor)
            check_regular(path, opened, max_bytes=max_bytes)
            if (seen.st_dev, seen.st_ino) != (opened.st_dev, opened.st_ino):
                raise _changed(path)
            return _hash(descriptor, path, opened.st_size, keep=keep)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _refusal(path, error) from error


def check_regular(path: Name, info: os.stat_result, *, max_bytes: int = MAX_FILE_BYTES) -> None:
    """Refuse what `lstat` or `fstat` shows to be no plain file of bounded size.

    Raises:
        Untrusted: a link, FIFO, socket, device or directory, a hard link, or too large.
    """
    if stat.S_ISLNK(info.st_mode):
        raise Untrusted(
            f"{show(path)} is a symbolic link",
            expected="regular files only",
            hint="copy the file it points to, as `cp -L` does",
        )
    if not stat.S_ISREG(info.st_mode):
        raise Untrusted(
            f"{show(path)} is not a regular file",
            expected="regular files only",
            actual=_kind(info.st_mode),
        )
    if info.st_nlink > 1:
        raise Untrusted(
            f"{show(path)} has {info.st_nlink} hard links: another name can change it",
            expected="one name for each file",
            hint="make a real copy: `cp -r`, not `cp -l` or `rsync --link-dest`",
        )
    if info.st_size > max_bytes:
        raise Untrusted(
            f"{show(path)} is too large",
            expected=f"at most {max_bytes} bytes",
            actual=f"{info.st_size} bytes",
        )


def show(name: object) -> str:
    """A name fit for a terminal, whatever bytes an attacker put into it."""
    text = str(name)
    return text if text.isprintable() else ascii(text)


def _hash(descriptor: int, path: Name, size: int, *, keep: bool) -> ReadFile:
    """Read exactly `size` bytes and find the end there."""
    digest = sha256(size_bytes=size)
    blocks: list[bytes] = []
    left = size
    while left:
        block = os.read(descriptor, left if keep else min(left, BLOCK_BYTES))
        if not block:
            raise _changed(path)
        digest.update(block)
        left -= len(block)
        if keep:
            blocks.append(block)
    if os.read(descriptor, 1):
        raise _changed(path)
    data = None
    if keep:
        data = blocks[0] if len(blocks) == 1 else b"".join(blocks)
    return ReadFile(digest.hexdigest(), size, data)


def _changed(path: Name) -> Untrusted:
    return Untrusted(
        f"{show(path)} changed while it was read",
        hint="copy the files to a place that nothing else writes to",
    )


def _refusal(path: Name, error: OSError) -> BadInput | Untrusted | Unavailable:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return BadInput(f"there is no file {show(path)}", hint="is its name spelled right?")
    if error.errno == errno.ELOOP:
        return _changed(path)
    return cannot_read(path, error)


def cannot_read(path: object, error: OSError) -> Unavailable:
    """The error for what the system does not let us read."""
    return Unavailable(
        f"cannot read {show(path)}",
        actual=error.strerror,
        hint="become its owner, have its owner run chmod u+r, or look at its medium",
    )


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a character device",
        stat.S_IFBLK: "a block device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")
