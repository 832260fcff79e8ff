"""All files under a directory, found without following a link."""

from __future__ import annotations

import os
import stat

from edge_infer.errors import Untrusted
from edge_infer.trust.files import cannot_read, check_regular, show
from edge_infer.trust.names import MAX_PARTS

MAX_ENTRIES = 20_000
MAX_TREE_BYTES = 8 << 30


def list_tree(root: str | os.PathLike[str]) -> dict[str, str]:
    """Every file under `root`: its name, `/` between the parts, to its path. Dot files too.

    Nothing is opened. Folders without a file are no files and carry no bytes.

    Raises:
        Untrusted: a link, hard link, FIFO, socket or device, or more than a device should read.
        Unavailable: a folder cannot be read.
    """
    files: dict[str, str] = {}
    entries = size_bytes = 0
    folders = [("", os.fspath(root))]
    while folders:
        prefix, folder = folders.pop()
        for entry in _scan(folder):
            name, path = prefix + entry, f"{folder}/{entry}"
            entries += 1
            info = _look(path)
            if stat.S_ISDIR(info.st_mode):
                folders.append((name + "/", path))
            else:
                check_regular(path, info)
                files[name] = path
                size_bytes += info.st_size
            if entries > MAX_ENTRIES or size_bytes > MAX_TREE_BYTES or name.count("/") >= MAX_PARTS:
                raise Untrusted(
                    f"there is too much under {show(root)}",
                    expected=f"at most {MAX_ENTRIES} files and folders, "
                    f"{MAX_TREE_BYTES} bytes, {MAX_PARTS} levels",
                )
    return files


def _scan(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries)
    except OSError as error:
        raise cannot_read(folder, error) from error


def _look(path: str) -> os.stat_result:
    try:
        return os.lstat(path)
    except OSError as error:
        raise cannot_read(path, error) from error
