"""A small static server for the desk: the verified page and nothing else.

It answers from memory with the bytes that were verified: there is no path to walk out of, no
folder to list, and nothing that changes on the disk meanwhile is served.
"""

from __future__ import annotations

import gzip
import hashlib
import http.server
import ssl
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from edge_infer.errors import BadInput, Incompatible, Unavailable
from edge_infer.trust import verify_tree
from firmware_bundle.phone.page import FOLDER, INDEX, POLICY, SINGLE

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from edge_infer.trust import Trust

TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
}
"""End of a name to its type; any other file is bytes."""

HEADERS = {
    # The page is isolated from every other, so its memory is its own.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    # Asked again each time, and answered by 304: a release is never mixed from two.
    "Cache-Control": "no-cache",
}
_COMPRESSED = ("text/", "application/json", "application/manifest+json")
_TIMEOUT_S = 30


@dataclass(frozen=True)
class Served:
    """One file as it goes over the wire."""

    content: bytes
    kind: str
    tag: str
    packed: bytes | None
    """gzip, where that is smaller."""


def read_page(bundle: str | os.PathLike[str], trust: Trust) -> tuple[dict[str, bytes], str]:
    """Name to content of what is served, and the fingerprint of the key that signed it.

    The folder's files have their own names; `phone.html` is the page in one file.

    Raises:
        Untrusted: no trusted key vouches for every byte of the bundle.
        Incompatible: it has no page.
        BadInput: there is no such directory.
    """
    tree = verify_tree(bundle, trust, keep=lambda name: name.startswith((f"{FOLDER}/", SINGLE)))
    files = {name.removeprefix(f"{FOLDER}/"): content for name, content in tree.files.items()}
    if INDEX not in files or SINGLE not in files:
        raise Incompatible(
            "the bundle has no page for a phone",
            expected=f"{FOLDER}/{INDEX} and {SINGLE}",
            actual=", ".join(sorted(tree.sizes)[:5]),
            hint="make it again: edge-infer bundle --target phone",
        )
    return files, tree.key.fingerprint


class PageServer(http.server.ThreadingHTTPServer):
    """Serves files by name, `index.html` at `/`, until it is shut down."""

    daemon_threads = True

    def __init__(
        self,
        files: Mapping[str, bytes],
        *,
        address: str = "localhost",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`port` 0 takes a free one.

        Raises:
            BadInput: this machine does not have that address.
            Unavailable: the port is taken or not allowed.
        """
        self.files = {f"/{name}": as_served(name, content) for name, content in files.items()}
        self.files["/"] = self.files[f"/{INDEX}"]
        self._tls = tls
        try:
            super().__init__((address, port), _Handler)
        except OSError as error:
            raise _no_address(address, port, error) from None
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://{address}:{self.server_address[1]}/"

    def get_request(self) -> tuple[Any, Any]:
        """A connection; TLS shakes hands in the connection's own thread, which may wait."""
        connection, peer = super().get_request()
        connection.settimeout(_TIMEOUT_S)
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, peer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up or speaks no TLS is no news."""


def read_certificate(certificate: str, key: str) -> ssl.SSLContext:
    """What the user supplies for https.

    Raises:
        BadInput: the files are missing, not PEM, or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # An encrypted key would ask at the terminal: an empty answer refuses it.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            "the certificate cannot be used",
            expected="a PEM certificate and its unencrypted key",
            actual=f"{certificate}, {key}: {error}",
            hint="make one for this machine, for example with mkcert, which the phone then trusts",
        ) from None
    return context


@dataclass
class _Answer:
    status: HTTPStatus
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"
    server_version = "edge-infer"
    sys_version = ""

    def do_GET(self) -> None:
        self._send(self._answer())

    def do_HEAD(self) -> None:
        self._send(self._answer())

    def _answer(self) -> _Answer:
        served = self.server.files.get(self.path.partition("?")[0])
        if served is None:
            return _Answer(HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain"}, b"no such file\n")
        headers = {"ETag": served.tag, "Content-Type": served.kind, "Vary": "Accept-Encoding"}
        if self.headers.get("If-None-Match") == served.tag:
            return _Answer(HTTPStatus.NOT_MODIFIED, headers)
        body = served.content
        if served.packed is not None and "gzip" in self.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = served.packed
        return _Answer(HTTPStatus.OK, headers, body)

    def _send(self, answer: _Answer) -> None:
        self.send_response(answer.status)
        policy = f"{POLICY}; frame-ancestors 'none'"
        # The page in one file carries a policy of its own, under which its script may run.
        own = self.path.partition("?")[0] == f"/{SINGLE}"
        headers = HEADERS if own else {**HEADERS, "Content-Security-Policy": policy}
        for name, value in {**headers, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD" and answer.status != HTTPStatus.NOT_MODIFIED:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        """Nothing is logged: who looks at the page is nobody's business."""


def as_served(name: str, content: bytes) -> Served:
    """A file with its type and digest, compressed where that pays."""
    kind = TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    packed = None
    if kind.startswith(_COMPRESSED):
        smaller = gzip.compress(content, mtime=0)
        packed = smaller if len(smaller) < len(content) else None
    return Served(content, kind, f'"{hashlib.sha256(content).hexdigest()[:32]}"', packed)


def _no_address(address: str, port: int, error: OSError) -> BadInput | Unavailable:
    import errno

    if error.errno in (errno.EADDRINUSE, errno.EACCES):
        return Unavailable(
            f"cannot listen on port {port}",
            actual=error.strerror,
            hint="choose another one with --port",
        )
    return BadInput(
        "this machine has no such address",
        expected="localhost, or the address or name by which the phone reaches this machine",
        actual=f"{address}: {error.strerror or error}",
    )
