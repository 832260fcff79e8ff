"""The page as files: a folder under a signature of its own, and the same in one file.

The folder is a signed tree like any other: `edge-infer verify BUNDLE/phone` checks it. In the one
file the list of files names the page itself, without what it carries, as `phone.html`.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import os
import re
from typing import TYPE_CHECKING

import edge_infer
from edge_infer.contract.detector import DETECTOR
from edge_infer.engines.onnx_check import check_onnx
from edge_infer.trust import SIGNATURE_NAME
from edge_infer.trust.keygen import load_private_key, public_key
from edge_infer.trust.signing import sign_tree
from firmware_bundle import manifest
from firmware_bundle.phone.engine import (
    engine_binary,
    engine_script,
    smaller_engine_binary,
    unpacking_script,
)
from firmware_bundle.phone.modules import joined, source
from firmware_bundle.runtime import bytecode_tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_infer.contract import Contract
    from edge_infer.trust.signing import SigningKey

FOLDER = "phone"
SINGLE = "phone.html"
INDEX, SCRIPT, WORKER, STYLE = "index.html", "app.js", "worker.js", "style.css"
ENGINE, KEY, SERVICE = "engine.bin", "key.pub", "sw.js"
GRAPH = "model.onnx"
ARTIFACT = ("contract.json", "golden.bin", GRAPH)
STATIC = ("icon-192.png", "icon-512.png", "LICENCES.txt")

_POLICY = (
    "default-src 'none'; script-src {script} 'wasm-unsafe-eval'; style-src {style}; "
    "img-src {images}blob:; connect-src {connect}; worker-src blob:{worker}; "
    "manifest-src {connect}; base-uri 'none'; form-action 'none'"
)
POLICY = _POLICY.format(
    script="'self'", style="'self'", images="'self' ", connect="'self'", worker=" 'self'"
)
"""The content-security policy of the folder: nothing from any other origin, nothing inline."""

_STRINGS = re.compile(r"export const STRINGS = (\{.*?\n\});", re.DOTALL)
_SHORT_NAME = 12
_WORTH_PACKING = 0.97


def phone_files(
    artifact: Mapping[str, bytes],
    contract: Contract,
    *,
    key: SigningKey,
    may_replace: int | None = None,
) -> dict[str, bytes]:
    """Name to content of `phone/` and `phone.html`; `artifact` is verified.

    Of a detector `artifact` holds the declaration and the artifacts of its stages.

    Raises:
        Unavailable: npm has not installed onnxruntime-web.
        Untrusted: it is not what was tried.
        BadInput: the key cannot be used.
        Incompatible: the graph is more than arithmetic; the page's engine reads it unasked.
    """
    parts = {
        f"artifact/{name}": content
        for name, content in artifact.items()
        if name.rpartition("/")[2] in ARTIFACT or name == DETECTOR
    }
    for name, content in parts.items():
        if name.endswith(GRAPH):
            check_onnx(content)
    parts |= _engine(is_large=DETECTOR in artifact)
    private = load_private_key(key) if isinstance(key, str | os.PathLike) else key
    parts[KEY] = public_key(private).pem
    parts[manifest.NAME] = _described(parts, contract, may_replace)
    folder = _folder(parts, contract)
    folder[SIGNATURE_NAME] = sign_tree(folder, key=key, name=contract.name)
    files = {f"{FOLDER}/{name}": content for name, content in folder.items()}
    files[SINGLE] = _single(parts, contract, key)
    return files


def _engine(*, is_large: bool) -> dict[str, bytes]:
    """The engine and the program that runs it; smaller, and slower to open, beside large models."""
    unpacking = unpacking_script() if is_large else ""
    packed = smaller_engine_binary() if is_large else engine_binary()
    return {ENGINE: packed, WORKER: (engine_script() + unpacking + joined(WORKER)).encode("utf-8")}


def strings() -> dict[str, str]:
    """Key to sentence, out of `strings.js`."""
    found = _STRINGS.search(source("strings.js").decode("utf-8"))
    assert found, "strings.js holds one object"
    read: dict[str, str] = json.loads(found[1])
    return read


def _described(parts: Mapping[str, bytes], contract: Contract, may_replace: int | None) -> bytes:
    """The head of the page, as of any bundle; it counts what page and single file share."""
    return manifest.write_manifest(
        manifest.Manifest(
            format=manifest.FORMAT,
            name=contract.name,
            sequence=contract.sequence,
            target="phone",
            runtime=edge_infer.__version__,
            bytecode=bytecode_tag(),
            files=len(parts),
            size_bytes=sum(map(len, parts.values())),
            may_replace=may_replace,
        )
    )


def _folder(parts: Mapping[str, bytes], contract: Contract) -> dict[str, bytes]:
    """All files but the signature."""
    files = {**parts, **{name: source(name) for name in STATIC}}
    files[SCRIPT] = joined(SCRIPT).encode("utf-8")
    files[STYLE] = source(STYLE)
    head = (
        f'<link rel="stylesheet" href="{STYLE}" integrity="{_integrity(files[STYLE])}">\n'
        '<link rel="manifest" href="manifest.webmanifest">\n'
        '<link rel="icon" href="icon-192.png" type="image/png">\n'
        '<link rel="apple-touch-icon" href="icon-192.png">\n'
        f'<script type="module" src="{SCRIPT}" integrity="{_integrity(files[SCRIPT])}"></script>'
    )
    files[INDEX] = _page(csp=POLICY, form="folder", head=head, body="")
    files["manifest.webmanifest"] = _manifest(contract)
    files[SERVICE] = _service(files)
    return files


def _single(parts: Mapping[str, bytes], contract: Contract, key: SigningKey) -> bytes:
    """The page, its files as base64 in elements that are not run, its signature among them.

    The page spells its parsed document and compares that with what was signed, so it is written
    as browsers spell a document.
    """
    script, style = joined(SCRIPT), source(STYLE).decode("utf-8")
    assert "</script" not in script
    assert "<!--" not in script
    policy = _POLICY.format(
        script=f"'{_integrity(script.encode('utf-8'))}'",
        style=f"'{_integrity(style.encode('utf-8'))}'",
        images="", connect="'none'", worker="",
    )  # fmt: skip
    carried = {name: _carried(name, content) for name, content in parts.items()}
    tags = [*(tag for tag, _ in carried.values()), _tag(SIGNATURE_NAME)]
    elements = [f"{tag}</script>" for tag in tags]
    body = "\n".join([*elements, f'<script type="module">{script}</script>'])
    page = _page(csp=policy, form="single", head=f"<style>{style}</style>", body=body)
    signed = {**parts, SINGLE: page}
    carried[SIGNATURE_NAME] = _tag(SIGNATURE_NAME), sign_tree(signed, key=key, name=contract.name)
    for tag, content in carried.values():
        place = tag.encode("ascii")
        assert page.count(place) == 1
        page = page.replace(place, place + base64.b64encode(content))
    return page


def _carried(name: str, content: bytes) -> tuple[str, bytes]:
    """The element that carries a file, and what it carries: gzip where that is clearly shorter."""
    packed = gzip.compress(content, compresslevel=9, mtime=0)
    if len(packed) > _WORTH_PACKING * len(content):
        return _tag(name), content
    return _tag(name, packed=hashlib.sha256(packed).hexdigest()), packed


def _tag(name: str, *, packed: str | None = None) -> str:
    held = "" if packed is None else f' data-packed="{packed}"'
    return f'<script type="application/base64"{held} data-name="{name}">'


def _page(*, csp: str, form: str, head: str, body: str) -> bytes:
    sentences = {name: _escaped(text) for name, text in strings().items()}
    filled = sentences | {"csp": csp, "form": form, "head": head, "body": body}
    text = source(INDEX).decode("utf-8").rstrip("\n")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: filled[found[1]], text).encode("utf-8")


def _escaped(text: str) -> str:
    """As browsers spell text and attributes alike."""
    return html.escape(text, quote=False).replace('"', "&quot;")


def _manifest(contract: Contract) -> bytes:
    value = json.loads(source("manifest.webmanifest"))
    value["name"] = contract.name
    value["short_name"] = contract.name[:_SHORT_NAME]
    value["description"] = f"{contract.source.estimator}, release {contract.sequence}"
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _service(files: Mapping[str, bytes]) -> bytes:
    """The service worker, which knows its release by a digest of all other files."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(hashlib.sha256(name.encode("utf-8")).digest())
        digest.update(hashlib.sha256(content).digest())
    names = [*sorted(files), SERVICE, SIGNATURE_NAME]
    text = source(SERVICE).decode("utf-8").replace("RELEASE_DIGEST", digest.hexdigest())
    return text.replace("['LIST_OF_FILES']", json.dumps(names)).encode("utf-8")


def _integrity(content: bytes) -> str:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")
    return f"sha256-{digest}"
