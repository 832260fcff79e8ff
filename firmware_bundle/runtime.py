"""The runtime as files: the sources of edge_infer and their bytecode for this Python.

The bytecode carries no time stamp (PEP 552, unchecked hashes), so Python neither compares it
with the sources nor writes it anew: an import leaves the bundle as it was signed. That the
two belong together is what the signature over both says.
"""

from __future__ import annotations

import importlib.util
import py_compile
import sys
import tempfile
from pathlib import Path

import edge_infer
from edge_infer.trust import read_file

PACKAGE = "edge_infer"


def bytecode_tag() -> str:
    """The Python whose bytecode `runtime_files` makes, such as `cpython-311`."""
    tag = sys.implementation.cache_tag
    assert tag is not None, "a Python that caches no bytecode has no use for it"
    return tag


def runtime_files() -> dict[str, bytes]:
    """Name to content of the runtime, sources and bytecode."""
    root = Path(edge_infer.__file__).resolve().parent
    files: dict[str, bytes] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix == ".py" or path.name == "py.typed":
            name = f"{PACKAGE}/{path.relative_to(root).as_posix()}"
            files[name] = read_file(path)
    sources = [name for name in files if name.endswith(".py")]
    return files | {_bytecode_name(name): _compile(name, files[name]) for name in sources}


def _bytecode_name(name: str) -> str:
    return Path(importlib.util.cache_from_source(name, optimization="")).as_posix()


def _compile(name: str, source: bytes) -> bytes:
    """The bytecode of a source that was read before, without this machine's paths in it."""
    with tempfile.TemporaryDirectory() as directory:
        path, compiled = Path(directory, "source.py"), Path(directory, "source.pyc")
        path.write_bytes(source)
        py_compile.compile(
            str(path),
            str(compiled),
            dfile=name,
            doraise=True,
            optimize=0,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        return compiled.read_bytes()
