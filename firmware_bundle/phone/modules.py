"""ES modules to one script: each module once, after those it imports, in one scope.

The sources keep to what makes that trivial: named imports and exports of whole declarations, and
no two top-level names alike.
"""

from __future__ import annotations

import re
from importlib import resources

_IMPORT = re.compile(r"^import \{[^}]*\} from '\./([\w.]+)';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const|class) )", re.MULTILINE)
_DECLARED = re.compile(r"^(?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)
_NOTES = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/\n", re.MULTILINE | re.DOTALL)


def source(name: str) -> bytes:
    """A file of `firmware_bundle/web/`."""
    return resources.files("firmware_bundle").joinpath("web", name).read_bytes()


def joined(entry: str) -> str:
    """The program of `entry` and of all that it imports, without its type notes."""
    parts = dict[str, str]()
    _add(entry, parts)
    script = "".join(parts.values())
    names = _DECLARED.findall(script)
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice, f"two modules of {entry} declare {twice}"
    assert not re.search(r"^(?:import|export)\b", script, re.MULTILINE), entry
    return script


def _add(name: str, parts: dict[str, str]) -> None:
    """Depth first; a module that is being added already is in a circle, and stands later."""
    if name in parts:
        return
    parts[name] = ""
    text = source(name).decode("utf-8")
    for imported in _IMPORT.findall(text):
        _add(imported, parts)
    body = _NOTES.sub("", _EXPORT.sub("", _IMPORT.sub("", text)))
    del parts[name]
    parts[name] = body
