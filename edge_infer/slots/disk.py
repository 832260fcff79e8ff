"""Every operation that a root's files undergo, as an interface.

The order of these calls is what survives a power cut, so tests put another `Disk` in the place
of the real one: it records the calls and lets each of them fail, or be the last.

Until it is synced, nothing that was written counts as being there, and nothing as being in
order: a file's bytes need `sync_tree`, its name needs `sync_directory` on what holds the name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Protocol
else:
    Protocol = object  # importing typing costs more than this module

_CREATE = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_CANNOT_SYNC_DIRECTORIES = (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM)


class Disk(Protocol):
    """What a root asks of a file system. Each operation may raise OSError."""

    def names(self, path: Path) -> list[str]:
        """Sorted names in a directory; none where there is no such directory."""

    def is_directory(self, path: Path) -> bool:
        """Whether a directory, no link to one, is there."""

    def read(self, path: Path, *, max_bytes: int) -> bytes:
        """At most `max_bytes` from the start of a file."""

    def free_bytes(self, path: Path) -> int:
        """What can still be written where `path` is."""

    def make_directory(self, path: Path) -> None:
        """Make one directory in one that exists."""

    def write(self, path: Path, blocks: Iterable[bytes], *, mode: int = 0o644) -> None:
        """Make a file that was not there, of these blocks."""

    def sync_tree(self, path: Path) -> None:
        """Force a file, or a directory with all that is in it, to the medium."""

    def sync_directory(self, path: Path) -> None:
        """Force the names in a directory to the medium."""

    def rename(self, source: Path, target: Path) -> None:
        """Give `source` another name, which a file may have had before."""

    def remove_file(self, path: Path) -> None:
        """Remove a file."""

    def remove_directory(self, path: Path) -> None:
        """Remove an empty directory."""

    def lock(self, path: Path) -> contextlib.AbstractContextManager[bool]:
        """Hold the lock file while in the block; False where another process holds it."""


class RealDisk:
    """The file system of this machine."""

    def names(self, path: Path) -> list[str]:
        """As `Disk.names`."""
        try:
            return sorted(os.listdir(path))  # noqa: PTH208 - names, not paths
        except (FileNotFoundError, NotADirectoryError):
            return []

    def is_directory(self, path: Path) -> bool:
        """As `Disk.is_directory`."""
        try:
            return stat.S_ISDIR(os.lstat(path).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def read(self, path: Path, *, max_bytes: int) -> bytes:
        """As `Disk.read`."""
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            return file.read(max_bytes)

    def free_bytes(self, path: Path) -> int:
        """As `Disk.free_bytes`."""
        if sys.platform == "win32":
            import shutil

            return shutil.disk_usage(path).free
        found = os.statvfs(path)
        return found.f_bavail * found.f_frsize

    def make_directory(self, path: Path) -> None:
        """As `Disk.make_directory`; nobody else may write there, whatever the umask says."""
        path.mkdir(0o755)

    def write(self, path: Path, blocks: Iterable[bytes], *, mode: int = 0o644) -> None:
        """As `Disk.write`."""
        descriptor = os.open(path, _CREATE, mode)
        try:
            for block in blocks:
                view = memoryview(block)
                while view:
                    view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)

    def sync_tree(self, path: Path) -> None:
        """As `Disk.sync_tree`: all of a directory in one call where Linux offers it."""
        if not path.is_dir():
            _fsync(path)
        elif not _sync_file_system(path):
            for parent, _, names in os.walk(path, topdown=False):
                for name in names:
                    _fsync(path.__class__(parent, name))
                self.sync_directory(path.__class__(parent))

    def sync_directory(self, path: Path) -> None:
        """As `Disk.sync_directory`; passes where a file system has no such operation."""
        try:
            _fsync(path)
        except OSError as error:
            if error.errno not in _CANNOT_SYNC_DIRECTORIES:
                raise

    def rename(self, source: Path, target: Path) -> None:
        """As `Disk.rename`."""
        source.replace(target)

    def remove_file(self, path: Path) -> None:
        """As `Disk.remove_file`."""
        path.unlink()

    def remove_directory(self, path: Path) -> None:
        """As `Disk.remove_directory`."""
        path.rmdir()

    @contextlib.contextmanager
    def lock(self, path: Path) -> Iterator[bool]:
        """As `Disk.lock`; the system lets go of it when the process ends, however it ends."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        try:
            yield _lock(descriptor)
        finally:
            os.close(descriptor)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file_system(path: Path) -> bool:
    """syncfs(2): one flush for many files, where as many fsyncs would wait for one each.

    Python has it not; where it cannot be called the caller syncs one by one.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes

        call = ctypes.CDLL(None, use_errno=True).syncfs
    except (ImportError, OSError, AttributeError):
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if call(descriptor) != 0:
            failed = ctypes.get_errno()
            if failed == errno.ENOSYS:
                return False
            raise OSError(failed, os.strerror(failed), str(path))
    finally:
        os.close(descriptor)
    return True


if sys.platform == "win32":

    def _lock(descriptor: int) -> bool:
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock(descriptor: int) -> bool:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
