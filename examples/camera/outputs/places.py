"""Where outputs may go: never over a recording, a picture, or anything else that is there."""

from __future__ import annotations

from pathlib import Path

from edge_infer import BadInput


def refuse_existing(option: str, path: Path | None) -> None:
    """Refuse what would be overwritten; a device or a pipe, such as /dev/null, may be written to.

    Raises:
        BadInput: the option names a folder, or a file that is there already.
    """
    if path is not None and _is_there(path):
        raise BadInput(
            f"{option} names what exists already",
            expected="a file that is not there yet",
            actual=str(path),
            hint=f"name another file for {option}, or remove this one first",
        )


def _is_there(path: Path) -> bool:
    """A file, a folder or a link to nothing.

    What cannot be looked at cannot be opened either, which is told then.
    """
    try:
        return path.is_file() or path.is_dir() or (path.is_symlink() and not path.exists())
    except OSError:
        return False


def refuse_one_place(option: str, path: Path | None, other: str, where: Path | None) -> None:
    """Refuse two outputs in one file. Raises BadInput."""
    if path is not None and where is not None and path.resolve() == where.resolve():
        raise BadInput(
            f"{option} and {other} name one file",
            expected="a file for each",
            actual=str(path),
            hint=f"name another file for {option}",
        )


def refuse_other_than_log(log: str, source: str) -> None:
    """Refuse to append events to the source, or to a file that holds something else.

    Raises:
        BadInput: events.log is the source, cannot be read, or does not begin as lines of JSON do.
    """
    path = Path(log)
    same, first = False, b""
    try:
        if log != "-" and path.exists():
            same = bool(source) and Path(source).exists() and path.samefile(source)
            if path.is_file():
                with path.open("rb") as file:
                    first = file.read(1)
    except OSError as error:
        raise BadInput(
            "cannot look whether events.log is a log",
            expected=log,
            actual=error,
            hint="choose events.log in a folder that this user can write",
        ) from error
    if same or first not in (b"", b"{"):
        raise BadInput(
            "events.log is the source" if same else "events.log is no log of events",
            expected="a new file, or one of JSON lines to append to",
            actual=log,
            hint="name another file as log in [events]",
        )
