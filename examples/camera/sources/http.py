"""Motion JPEG over HTTP, as network cameras serve it: each hop within the local network.

FFmpeg would follow a redirect anywhere, ask a proxy that the environment names, and fetch what a
playlist names. Here every connection is made by `network.connect`, and pictures alone are read.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from typing import IO, TYPE_CHECKING, Any
from urllib import error, request
from urllib.parse import quote, unquote, urljoin

import cv2
import numpy as np

from edge_infer import BadInput, EdgeInferError, Unavailable
from examples.camera import network
from examples.camera.sources.images import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_BYTES = 1 << 25
"""Of one picture: JPEGs of 8K take a quarter of it."""
LONGEST_LINE = 1 << 16
MOST_HEADERS = 100
LONGEST_S = 10.0
KEPT = "/%:=&?~+!$,;'@()*[]"
"""Characters of an address that are sent as they are."""


class MotionJpeg:
    """A camera's endless answer to one request, as pictures."""

    def __init__(self, url: str, *, open_s: float, read_s: float) -> None:
        """Ask for the stream.

        Raises:
            BadInput: the address is none, or not of the local network.
            Unavailable: no answer, another answer than pictures, or a redirect off the network.
        """
        self._read_s = read_s
        self._connections: list[socket.socket] = []
        self._answers: list[http.client.HTTPResponse] = []
        bare = _bare(url)
        try:
            with self._within(open_s):
                opener = _opener(url, bare, _Http(self._connections, self._answers))
                answer = opener.open(bare, timeout=open_s)
        except (EdgeInferError, OSError, http.client.HTTPException, ValueError) as wrong:
            self.close()
            raise _does_not_open(url, _told(wrong)) from wrong
        head = answer.headers
        kind, marker = head.get_content_type(), str(head.get_param("boundary") or "")
        if kind.startswith("multipart/"):
            self._contents = _parts(answer, marker.strip('"-').encode("latin-1", "replace"))
        elif kind.startswith("image/"):
            self._contents = (answer.read(MOST_BYTES) for _ in range(1))
        else:
            self.close()
            raise _does_not_open(url, f"it answers {kind}, not Motion JPEG")

    def read(self) -> NDArray[np.uint8] | None:
        """The next picture that is whole; None where the stream has ended or stalls."""
        with (
            self._within(self._read_s),
            contextlib.suppress(OSError, ValueError, http.client.HTTPException),
        ):
            for content in self._contents:
                image = _decoded(content)
                if image is not None:
                    return normalise(image)
        return None

    def close(self) -> None:
        """Let go of the camera."""
        self._cut()
        for answer in self._answers:
            answer.close()
        for connection in self._connections:
            connection.close()

    @contextlib.contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        """Hang up when so long has passed: a server may send a byte now and then for ever."""
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _parts(answer: IO[bytes], marker: bytes) -> Iterator[bytes]:
    """The contents of a multipart answer. Raises ValueError where one is longer than a picture."""
    line = answer.readline(LONGEST_LINE)
    while True:
        while line and not _is_marker(line, marker):
            line = answer.readline(LONGEST_LINE)
        if not line:
            return
        length = _length(answer)
        if length is not None:
            yield answer.read(length)
            line = answer.readline(LONGEST_LINE)
            continue
        content = bytearray()
        while (line := answer.readline(LONGEST_LINE)) and not _is_marker(line, marker):
            content += line
            if len(content) > MOST_BYTES:
                raise ValueError("a part longer than any picture")
        yield bytes(content)


def _is_marker(line: bytes, marker: bytes) -> bool:
    """Cameras do not agree on how many hyphens belong to the marker."""
    return line.startswith(b"--") and line.strip().strip(b"-") == marker


def _length(answer: IO[bytes]) -> int | None:
    """What the head of a part says of its length. Raises ValueError."""
    length = None
    for _ in range(MOST_HEADERS):
        name, _, value = answer.readline(LONGEST_LINE).strip().partition(b":")
        if not name:
            break
        if name.strip().lower() == b"content-length":
            length = int(value)
    if length is not None and not 0 <= length <= MOST_BYTES:
        raise ValueError("a part longer than any picture")
    return length


def _decoded(content: bytes) -> NDArray[np.uint8] | None:
    if not content:
        return None
    with contextlib.suppress(cv2.error):
        found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        return None if found is None else np.asarray(found, np.uint8)
    return None


class _Redirects(request.HTTPRedirectHandler):
    """Follows a redirect where the first address could have been, too."""

    def redirect_request(
        self, req: request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> request.Request | None:
        try:
            network.stream_parts(newurl)
        except BadInput as wrong:
            raise Unavailable(
                "it redirects where a camera may not be",
                expected="http:// on the local network",
                actual=network.without_secrets(newurl),
                hint="ask the camera itself, by its private address",
            ) from wrong
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Http(request.HTTPHandler):
    """Connects within the local network alone."""

    def __init__(
        self, connections: list[socket.socket], answers: list[http.client.HTTPResponse]
    ) -> None:
        """Note what is to be closed: urllib leaves the answers before the last one open."""
        super().__init__()
        self._connections, self._answers = connections, answers

    def http_open(self, req: request.Request) -> http.client.HTTPResponse:
        connections = self._connections

        class Connection(http.client.HTTPConnection):
            def connect(self) -> None:
                self.sock = network.connect(
                    self.host, self.port, timeout_s=self.timeout or LONGEST_S
                )
                connections.append(self.sock)

        self._answers.append(self.do_open(Connection, req))
        return self._answers[-1]


def _opener(url: str, bare: str, plain: _Http) -> request.OpenerDirector:
    """What knows HTTP, redirects and passwords, but no other protocol and no proxy."""
    opener = request.OpenerDirector()
    parts, passwords = network.stream_parts(url), request.HTTPPasswordMgrWithDefaultRealm()
    if parts.username is not None:
        user, password = unquote(parts.username), unquote(parts.password or "")
        passwords.add_password(None, urljoin(bare, "/"), user, password)
    for handler in (
        plain, _Redirects(), request.HTTPErrorProcessor(), request.UnknownHandler(),
        request.HTTPDefaultErrorHandler(), request.HTTPDigestAuthHandler(passwords),
        request.HTTPBasicAuthHandler(passwords),
    ):  # fmt: skip
        opener.add_handler(handler)
    return opener


def _bare(url: str) -> str:
    """The address without user, password and fragment. Raises BadInput."""
    parts = network.stream_parts(url)
    path, query = (quote(part, safe=KEPT) for part in (parts.path, parts.query))
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, path=path, query=query, fragment="").geturl()


def _does_not_open(url: str, why: str) -> Unavailable:
    return Unavailable(
        "the camera does not open",
        expected="a Motion JPEG stream that answers, and redirects within the local network alone",
        actual=f"{network.without_secrets(url)}: {why}",
        hint="check address and password; most cameras give H.264 at an rtsp:// address",
    )


def _told(wrong: Exception) -> str:
    """What went wrong, without what the server or the address said: it may hold the password."""
    if isinstance(wrong, error.HTTPError):
        wrong.close()
        return f"it answers {wrong.code} {http.client.responses.get(wrong.code, '')}"
    if isinstance(wrong, EdgeInferError):
        return str(wrong).replace("\n", ";")
    reason = wrong.reason if isinstance(wrong, error.URLError) else wrong
    return str(reason) if isinstance(reason, OSError) else type(wrong).__name__
