"""A bundle as one `.tar`: the same files give the same bytes, whoever packs them and when."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

BLOCK_BYTES = tarfile.BLOCKSIZE


def pack(files: Mapping[str, bytes], *, executable: frozenset[str]) -> bytes:
    """An uncompressed ustar archive, in the order of the names, without times or owners."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            entry.mode = 0o755 if name in executable else 0o644
            archive.addfile(entry, io.BytesIO(files[name]))
    return packed.getvalue()
