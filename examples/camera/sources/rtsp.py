"""RTSP by way of a relay of our own, so that a camera leads FFmpeg nowhere else.

FFmpeg looks up names by itself and follows a redirect anywhere. So it is given an address of this
machine, behind which one connection goes to the camera whose address was checked. What the camera
answers is read here and written anew (RFC 2326): a redirect ends the stream.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from typing import IO, TYPE_CHECKING

from examples.camera import network

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 554
OPTIONS = "rtsp_transport;tcp"
"""For FFmpeg: pictures come over the one connection, and no other is made."""
ELSEWHERE = {"udp", "multicast", "http", "https", "satip_raw"}
"""FFmpeg reads these after the `?` of an address as other ways to be sent pictures."""
MOST_BYTES, MOST_HEADERS, LONGEST_LINE = 1 << 20, 100, 1 << 13
_FIRST = re.compile(
    rb"RTSP/1\.\d (?P<code>\d{3})( [\x20-\x7e]*)?|"
    rb"(OPTIONS|GET_PARAMETER|SET_PARAMETER|ANNOUNCE) [\x21-\x7e]+ RTSP/1\.\d"
)
_HEADER = re.compile(rb"(?P<name>[A-Za-z0-9-]+)[ \t]*:[ \t]*(?P<value>[\x20-\x7e\t]*)")


class Refused(Exception):
    """The camera said what it may not say."""


class Relay:
    """One connection of FFmpeg's to one camera."""

    def __init__(self, url: str, *, open_s: float) -> None:
        """Connect to the camera.

        Raises:
            BadInput: the address is none, or not of the local network.
            Unavailable: its name leads off the local network.
            OSError: nobody answers.
        """
        parts = network.stream_parts(url)
        assert parts.hostname is not None
        self._camera = network.connect(parts.hostname, parts.port or PORT, timeout_s=open_s)
        # A stream that stalls is noticed by whoever reads it.
        self._camera.settimeout(None)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self._player: socket.socket | None = None
        self.refused = ""
        """Why the stream was ended, where it was."""
        user, at, _ = parts.netloc.rpartition("@")
        here = f"{user}{at}127.0.0.1:{self._listener.getsockname()[1]}"
        query = "&".join(one for one in parts.query.split("&") if one.lower() not in ELSEWHERE)
        self.url = parts._replace(netloc=here, query=query).geturl()
        threading.Thread(target=self._serve, daemon=True, name="rtsp").start()

    def close(self) -> None:
        """Let go of the camera."""
        for one in (self._listener, self._camera, self._player):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def _serve(self) -> None:
        try:
            with contextlib.suppress(OSError, ValueError):
                self._player, _ = self._listener.accept()
                self._listener.close()
                threading.Thread(target=self._upwards, daemon=True, name="rtsp-up").start()
                with self._camera.makefile("rb") as said:
                    for piece in pieces(said):
                        self._player.sendall(piece)
        except Refused as wrong:
            self.refused = str(wrong)
        self.close()

    def _upwards(self) -> None:
        assert self._player is not None
        with contextlib.suppress(OSError):
            while content := self._player.recv(1 << 14):
                self._camera.sendall(content)
            self._camera.shutdown(socket.SHUT_RDWR)


def pieces(said: IO[bytes]) -> Iterator[bytes]:
    """What a camera says, message by message, as FFmpeg may hear it.

    Raises Refused: a redirect, or what is no RTSP.
    """
    while first := said.read(1):
        if first == b"$":
            head = said.read(3)
            content = said.read(int.from_bytes(head[1:], "big"))
            yield first + head + content
        elif first not in b"\r\n":
            yield _message(first + said.readline(LONGEST_LINE), said)


def _message(line: bytes, said: IO[bytes]) -> bytes:
    begins = _FIRST.fullmatch(line.rstrip(b"\r\n"))
    if begins is None:
        raise Refused("it does not speak RTSP")
    if (begins["code"] or b"").startswith(b"3"):
        raise Refused("it redirects elsewhere")
    lines, length = [begins[0]], 0
    for name, value in _headers(said):
        if name.lower() == b"content-length":
            length = int(value) if value.isdigit() else -1
            if not 0 <= length <= MOST_BYTES:
                raise Refused("it sends a description of a length that cannot be")
        elif name.lower() != b"location":
            lines.append(name + b": " + value)
    if length:
        lines.append(b"Content-Length: %d" % length)
    return b"\r\n".join([*lines, b"", b""]) + said.read(length)


def _headers(said: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    seen = set()
    for _ in range(MOST_HEADERS):
        line = said.readline(LONGEST_LINE).rstrip(b"\r\n")
        if not line:
            return
        header = _HEADER.fullmatch(line)
        name = b"" if header is None else header["name"].lower()
        if header is None or (name == b"content-length" and name in seen):
            raise Refused("it does not speak RTSP")
        seen.add(name)
        yield header["name"], header["value"].rstrip()
    raise Refused("it does not speak RTSP")
