"""Output that is there whole or not at all, whatever happens while it is written.

Everything is written beside its final place, flushed to the disk, and renamed into place as
the last step. A rename within one directory is atomic, so a reader, a full disk or a power
cut sees either nothing (for a file: the old content) or all of it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def check_output(out: Path) -> None:
    """Refuse what `staged_directory` would refuse, before the work that fills it.

    Raises:
        BadInput: `out` exists, the directory above it does not, or lies in a signed one.
    """
    _refuse_existing(out)
    check_place(out)


@contextlib.contextmanager
def staged_directory(out: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield an empty directory that becomes `out` if the block succeeds.

    Raises:
        BadInput: as `check_output`.
        Unavailable: the disk is full or refuses; nothing is left behind.
    """
    out = Path(out)
    check_output(out)
    staging = _sibling(out)
    with _unavailable(out, staging):
        staging.mkdir()
    try:
        with _unavailable(out, staging):
            yield staging
            _flush_tree(staging)
            check_output(out)
            staging.rename(out)
            _flush(out.parent)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def write_file_atomically(
    path: str | os.PathLike[str], data: bytes, *, mode: int = 0o644, replace: bool = True
) -> None:
    """Write `data` to `path`, which has its old or its new content, never a part of it.

    Permissions are `mode` less the umask, set before the first byte of `data` is written.

    Raises:
        BadInput: the directory does not exist or is signed, or `path` exists and `replace` is
            False.
        Unavailable: the disk is full or refuses; the old file is untouched.
    """
    path = Path(path)
    if not replace:
        _refuse_existing(path)
    check_place(path)
    staging = _sibling(path)
    with _unavailable(path, staging):
        try:
            descriptor = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                staging.replace(path)
            else:
                _put_where_nothing_is(staging, path)
            _flush(path.parent)
        except BaseException:
            staging.unlink(missing_ok=True)
            raise


def _put_where_nothing_is(staging: Path, path: Path) -> None:
    """Move `staging` to `path`; what another process put there meanwhile is refused and kept."""
    try:
        try:
            path.hardlink_to(staging)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
            # FAT and exFAT have no links: an empty file holds the name until the real one takes it.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
            staging.replace(path)
        else:
            staging.unlink()
    except FileExistsError:
        _refuse_existing(path)
        raise


def _refuse_existing(out: Path) -> None:
    if out.is_symlink() or out.exists():
        raise BadInput(
            "the output path exists",
            expected="a path where nothing is",
            actual=out,
            hint="remove it or choose another; nothing is overwritten",
        )


def check_place(path: Path) -> None:
    """Refuse to make `path` where it cannot stand, or where it would break a signed directory.

    Raises:
        BadInput: there is no directory above it, or one above it is signed.
    """
    from edge_infer.trust.verify import SIGNATURE_NAME

    if not path.parent.is_dir():
        raise BadInput(
            "the output has no directory to stand in",
            expected=f"a directory {path.parent}",
            actual="none",
            hint=f"mkdir -p {path.parent}",
        )
    parent = Path(os.path.realpath(path.parent))
    for directory in (parent, *parent.parents):
        if os.path.lexists(directory / SIGNATURE_NAME):
            raise BadInput(
                "the output would lie in a signed directory, which it would break",
                expected="a place outside any artifact and bundle",
                actual=f"{path} in {directory}, signed by its {SIGNATURE_NAME}",
                hint="choose a place beside it",
            )


def _sibling(out: Path) -> Path:
    return out.with_name(f".{out.name}.{os.urandom(6).hex()}.part")


@contextlib.contextmanager
def _unavailable(out: Path, staging: Path) -> Iterator[None]:
    """Turn a failure to write into Unavailable; any other error of the block passes as it is."""
    try:
        yield
    except OSError as error:
        ours = error.filename is not None and str(error.filename).startswith(str(staging))
        if not ours and error.errno not in _DISK_ERRORS:
            raise
        raise Unavailable(
            f"cannot write {out}: {error.strerror or error}",
            actual=None if ours else error.filename,
            hint="nothing was written there: make room or choose another place, then try again",
        ) from error


def _flush_tree(directory: Path) -> None:
    for parent, _, names in os.walk(directory, topdown=False):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                _flush(path)
        _flush(Path(parent))


def _flush(path: Path) -> None:
    """Force a file or directory to the disk; file systems that cannot sync directories pass."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:
        if path.is_dir():
            return
        raise
    try:
        os.fsync(descriptor)
    except OSError:
        if not path.is_dir():
            raise
    finally:
        os.close(descriptor)
