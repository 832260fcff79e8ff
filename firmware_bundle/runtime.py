"""The device's half of this software as two files: `runtime.zip`, and a door to it.

`runtime.zip` holds bare sources (`bare.py`) and bytecode; Python imports from it as it stands
(zipimport), finds the bytecode of its own release or compiles the source, and never writes into
it. It is one file to copy and to verify where there would be a hundred and forty.
`edge_infer/__init__.py` is the door for programs that put the bundle's directory on `sys.path`.

The bytecode carries no time stamp (PEP 552, unchecked hashes); that it belongs to the source
is what the signature over both says.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import marshal
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import edge_infer
import firmware_bundle
from edge_infer.trust import read_file
from firmware_bundle.bare import bare

if TYPE_CHECKING:
    from firmware_bundle.parts import Parts

ARCHIVE = "runtime.zip"
DOOR = "edge_infer/__init__.py"

WORKSTATION = frozenset(
    {
        "edge_infer/commands/private_key.py",
        "edge_infer/trust/keygen.py",
        "edge_infer/trust/signing.py",
    }
)
"""What a device never does: it has no private key."""

DEVICE_HALF = ("__init__.py", "manifest.py", "targets.py", "slots/*.py", "slots/root_*")
"""What a device has of firmware_bundle."""

COMMANDS = ("install", "status", "rollback", "gc")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest moment that a zip archive knows: the same input gives the same bytes."""

_DOOR = b'''"""edge_infer lies in runtime.zip, beside this folder: import it from there."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), "runtime.zip"))
del sys.modules[__name__]
import edge_infer  # noqa: F401
'''


def bytecode_tag() -> str:
    """The Python whose bytecode `runtime_files` makes, such as `cpython-311`."""
    tag = sys.implementation.cache_tag
    assert tag is not None, "a Python that caches no bytecode has no use for it"
    return tag


def runtime_files(parts: Parts) -> dict[str, bytes]:
    """Name to content of the runtime in a bundle."""
    door_bytecode = Path(importlib.util.cache_from_source(DOOR, optimization="")).as_posix()
    return {
        ARCHIVE: _archive(parts),
        DOOR: _DOOR,
        door_bytecode: _compile(DOOR, _DOOR),
    }


def device_sources(without: frozenset[str]) -> dict[str, bytes]:
    """Name to source, or other content, of all that a device may import."""
    own = Path(edge_infer.__file__).resolve().parent
    files = {f"edge_infer/{path.relative_to(own).as_posix()}": path for path in own.rglob("*.py")}
    half = Path(firmware_bundle.__file__).resolve().parent
    for pattern in DEVICE_HALF:
        for path in half.glob(pattern):
            files[f"firmware_bundle/{path.relative_to(half).as_posix()}"] = path
    return {name: read_file(path) for name, path in files.items() if name not in without}


@cache  # a process that makes many bundles compiles once
def _archive(parts: Parts) -> bytes:
    files = _metadata()
    for name, source in device_sources(WORKSTATION | parts.needless).items():
        is_module = name.endswith(".py")
        files[name] = bare(source) if is_module else source
        if is_module and not parts.is_seldom(name):
            files[f"{name}c"] = _compile(name, files[name])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return packed.getvalue()


def _metadata() -> dict[str, bytes]:
    """What tells `edge-infer` of the device's commands of other rooms, as an installation does."""
    folder = f"edge_infer-{edge_infer.__version__}.dist-info"
    head = f"Metadata-Version: 2.1\nName: edge-infer\nVersion: {edge_infer.__version__}\n"
    lines = [f"{one} = firmware_bundle.slots.commands:{one.upper()}\n" for one in COMMANDS]
    return {
        f"{folder}/METADATA": head.encode("ascii"),
        f"{folder}/entry_points.txt": "".join(["[edge_infer.commands]\n", *lines]).encode("ascii"),
    }


def _compile(name: str, source: bytes) -> bytes:
    """The bytecode of a bare source, without this machine's paths.

    Its head is PEP 552's: magic number, flags (a hash that is not checked), hash of the source.
    """
    code = compile(_flat(source), name, "exec", dont_inherit=True, optimize=0)
    flags = (0b01).to_bytes(4, "little")
    head = importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(source)
    return head + marshal.dumps(code)


def _flat(source: bytes) -> ast.Module:
    """The program without the columns of its lines: a tenth of the bytecode, and no traceback
    shows them.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.expr):
            node.col_offset, node.end_col_offset, node.end_lineno = 0, 0, node.lineno
    return tree
