"""Messages without the passwords that may stand in them, wherever in the program they come from."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

_USER = re.compile(r"(?P<kind>[a-zA-Z][\w+.-]*:/+)[^\n]*@|[^\s'\":]*:[^\s][^\n]*@")
"""All up to the last @ of a line: nobody knows where a password ends that was written badly."""
_QUERY = re.compile(r"(?P<before>[a-zA-Z][\w+.-]*:/+[^\s?#'\"]*)[?#](?!…)[^\s'\"]+")


def masked(text: str) -> str:
    """A text without users, passwords and queries of addresses, even of broken ones.

    >>> masked("unrecognized arguments: rtsp://me:secret@door.lan/1?key=x")
    'unrecognized arguments: rtsp://…@door.lan/1?…'
    >>> masked("expected: //me:secret@door.lan")
    'expected: …@door.lan'
    """
    text = _USER.sub(lambda found: f"{found['kind'] or ''}…@", text)
    return _QUERY.sub(lambda found: f"{found['before']}?…", text)


class Masked(io.TextIOBase):
    """A stream that passes on what is written to it, masked."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        """Pass it on; a message comes in one piece, as `print` and `argparse` write it."""
        self._out.write(masked(text))
        return len(text)

    def flush(self) -> None:
        """Flush what is written to."""
        self._out.flush()

    def fileno(self) -> int:
        """Of what is written to. Raises OSError where it has none."""
        return self._out.fileno()

    def isatty(self) -> bool:
        """Whether somebody reads it on a terminal."""
        return self._out.isatty()
