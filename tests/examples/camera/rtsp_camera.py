"""A camera that speaks RTSP: Motion JPEG in RTP packets (RFC 2435) over its one connection."""

from __future__ import annotations

import itertools
import socket
import struct
import threading
from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np

    Answer = Callable[[str, str], bytes | None]

SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=c\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=control:track\r\n"
)


class RtspCamera:
    """Serves pictures to whoever plays them; `answer` may say something else first."""

    def __init__(self, pictures: Iterable[np.ndarray], answer: Answer | None = None) -> None:
        self._pictures, self._answer = pictures, answer or (lambda _method, _url: None)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.asked: list[str] = []
        self.left = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._server.getsockname()[1])

    def __enter__(self) -> RtspCamera:
        return self

    def __exit__(self, *_: object) -> None:
        self.left.set()
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as said:
            try:
                while line := said.readline():
                    self._answered(connection, line.decode(), said)
            except OSError:
                pass

    def _answered(self, connection: socket.socket, first: str, said: object) -> None:
        headers = {}
        while line := said.readline().strip():  # type: ignore[attr-defined]
            name, _, value = line.decode().partition(": ")
            headers[name] = value
        method, url, _ = first.split()
        self.asked.append(f"{method} {url}")
        head = f"RTSP/1.0 200 OK\r\nCSeq: {headers['CSeq']}\r\n"
        other = self._answer(method, url)
        if other is not None:
            connection.sendall(other.replace(b"CSEQ", headers["CSeq"].encode()))
            return
        if method == "DESCRIBE":
            head += f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}"
        elif method == "SETUP":
            head += "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"
        else:
            head += "Session: 1\r\nPublic: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"
        connection.sendall(head.encode())
        if method == "PLAY":
            threading.Thread(target=self._play, args=(connection,), daemon=True).start()

    def _play(self, connection: socket.socket) -> None:
        sequence = itertools.count()
        try:
            for number, picture in enumerate(self._pictures):
                for packet in packets(picture, number, sequence):
                    connection.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
                self.left.wait(0.02)
        except OSError:
            pass


def packets(picture: np.ndarray, number: int, sequence: Iterable[int]) -> Iterable[bytes]:
    """The RTP packets of a picture whose sides are multiples of eight."""
    flags = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    jpeg = cv2.imencode(".jpg", picture, flags)[1].tobytes()
    tables, at = b"", 2
    while jpeg[at + 1] != 0xDA:
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] == 0xDB:
            tables += b"".join(jpeg[k + 1 : k + 65] for k in range(at + 4, at + 2 + length, 65))
        at += 2 + length
    scan = jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") : -2]
    height, width = picture.shape[:2]
    for start in range(0, len(scan), 1200):
        part = scan[start : start + 1200]
        last = start + 1200 >= len(scan)
        rtp = struct.pack(">BBHII", 0x80, 26 | (128 if last else 0), next(iter(sequence)) & 0xFFFF,
                          number * 3600, 7)  # fmt: skip
        head = struct.pack(">I", start) + bytes([1, 255, width // 8, height // 8])
        quantised = b"" if start else struct.pack(">HH", 0, len(tables)) + tables
        yield rtp + head + quantised + part
