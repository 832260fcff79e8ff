"""onnxruntime-web as npm installed it: found, held against its digests, made small for the way.

`web/engine.lock` names the files with the SHA-256 of what was tried, so what is packed is that,
whatever a registry says by then.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from importlib import resources
from typing import TYPE_CHECKING

from edge_infer.errors import Unavailable, Untrusted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SCRIPT = "onnxruntime-web/dist/ort.wasm.bundle.min.mjs"
_BINARY = "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"
_LEVEL, _WINDOW_LOG = 18, 24
_EXPORTS = re.compile(r"export\{((?:[\w$]+ as [\w$]+,?)+)\};\s*$")
_COMMENT = re.compile(r"\n//# sourceMappingURL=\S+\s*$")


def engine_script() -> str:
    """onnxruntime-web as a classic script that leaves its names in `globalThis.ort`.

    A page that was opened as a file starts no worker of modules from a blob, and a classic script
    has no `import.meta`; the engine asks it only where its other files are, of which it needs none.

    Raises:
        Unavailable: npm has not installed it.
        Untrusted: it is not what was tried.
    """
    script = _COMMENT.sub("\n", _files()[_SCRIPT].decode("utf-8"))
    found = _EXPORTS.search(script)
    assert found, "the module ends with its exports"
    pairs = [pair.split(" as ") for pair in found[1].strip(",").split(",")]
    names = ",".join(f"{exported}:{local}" for local, exported in pairs)
    body = script[: found.start()].replace("import.meta.url", "self.location.href")
    assert "import.meta" not in body
    return f'"use strict";\n{body}globalThis.ort={{{names}}};\n'


def engine_binary() -> bytes:
    """The WebAssembly module, gzip: a quarter of its size wherever it lies or travels.

    Raises:
        Unavailable: npm has not installed it.
        Untrusted: it is not what was tried.
    """
    return gzip.compress(_files()[_BINARY], compresslevel=9, mtime=0)


def smaller_engine_binary() -> bytes:
    """The same as Zstandard: a third smaller than gzip, and a few seconds of work.

    Raises:
        Unavailable: npm has not installed it, or this Python has no zstandard.
        Untrusted: it is not what was tried.
    """
    try:
        import zstandard
    except ImportError:
        raise Unavailable(
            "the page of a detector is packed with zstandard, which is not installed",
            expected="the Python package zstandard",
            hint="pip install zstandard",
        ) from None
    content = _files()[_BINARY]
    options = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL, window_log=_WINDOW_LOG, source_size=len(content)
    )
    return bytes(zstandard.ZstdCompressor(compression_params=options).compress(content))


def unpacking_script() -> str:
    """What unpacks it in the page: no browser does so by itself.

    Raises:
        Unavailable: npm has not installed it.
        Untrusted: it is not what was tried.
    """
    return _files()["fzstd/umd/index.js"].decode("utf-8") + "\n"


def _files() -> dict[str, bytes]:
    """Name to content of the files of the lock."""
    web = resources.files("firmware_bundle").joinpath("web")
    with resources.as_file(web) as folder:
        installed = folder / "node_modules"
        return {name: _read(installed / name, digest, folder) for name, digest in _lock()}


def _lock() -> Iterator[tuple[str, str]]:
    text = resources.files("firmware_bundle").joinpath("web", "engine.lock").read_text("utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            digest, name = line.split()
            yield name, digest


def _read(path: Path, digest: str, web: Path) -> bytes:
    install = f"npm ci --omit=dev --prefix {web}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unavailable(
            f"{path.name}, which the page runs the model with, is not installed",
            expected=path,
            actual=error.strerror,
            hint=f"install it (it needs Node.js): {install}",
        ) from None
    actual = hashlib.sha256(content).hexdigest()
    if actual != digest:
        raise Untrusted(
            f"{path.name} is not the file that was tried",
            expected=f"SHA-256 {digest}",
            actual=f"SHA-256 {actual}",
            hint=f"install it again: {install}",
        )
    return content
