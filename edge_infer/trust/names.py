"""Names of files that mean the same file on every device, and stay under the root."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAME_BYTES = 1024
MAX_PART_BYTES = 255
MAX_PARTS = 32


def name_fault(name: str) -> str | None:
    """Why `name`, with `/` between its parts, cannot be listed; None where it can."""
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return "is not Unicode text"
    parts = name.split("/")
    if size > MAX_NAME_BYTES or len(parts) > MAX_PARTS:
        return f"is longer than {MAX_NAME_BYTES} bytes or {MAX_PARTS} parts"
    if name.startswith("/"):
        return "is absolute"
    if "\\" in name or ":" in name:
        return "contains a backslash or a colon, which Windows reads as a path or drive"
    if any(ord(char) < 32 or ord(char) == 127 for char in name):
        return "contains a control character"
    if any(part in ("", ".", "..") for part in parts):
        return "contains an empty part, '.' or '..'"
    if any(len(part.encode("utf-8")) > MAX_PART_BYTES for part in parts):
        return f"has a part longer than {MAX_PART_BYTES} bytes"
    return None


def collision(names: Iterable[str]) -> tuple[str, str] | None:
    """Two names that some filesystem takes for one: equal but for case or Unicode form.

    A name listed twice counts, and one that is a file here and a folder there.
    """
    spelled: dict[str, tuple[str, bool]] = {}
    for name in names:
        parts = name.split("/")
        for depth in range(1, len(parts) + 1):
            path, is_file = "/".join(parts[:depth]), depth == len(parts)
            key = _folded(path)
            known = spelled.get(key)
            if known is None:
                spelled[key] = path, is_file
            elif is_file or known != (path, False):
                return known[0], path
    return None


def _folded(name: str) -> str:
    """Unicode's canonical caseless form (Unicode 3.13, D145)."""
    if name.isascii():
        return name.lower()
    import unicodedata

    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
