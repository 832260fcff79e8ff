"""RTSP: pictures arrive, and whatever the camera answers leads nowhere else."""

from __future__ import annotations

import io
import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest
import scenes
from rtsp_camera import RtspCamera

from edge_infer import Unavailable
from examples.camera.config.schema import SourceSettings
from examples.camera.sources import grabbers
from examples.camera.sources.grabbers import Capture
from examples.camera.sources.rtsp import Refused, Relay, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grabbers, "OPEN_MS", 4000)
    monkeypatch.setattr(grabbers, "READ_MS", 3000)


@pytest.fixture
def elsewhere() -> Iterator[tuple[int, list[object]]]:
    """A port at which nobody may knock."""
    knocks: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            try:
                while True:
                    connection, address = server.accept()
                    knocks.append(address)
                    connection.close()
            except OSError:
                pass

        threading.Thread(target=listen, daemon=True).start()
        yield server.getsockname()[1], knocks


def test_pictures_of_a_camera_that_speaks_rtsp() -> None:
    with RtspCamera(scenes.still(300)) as camera:
        opened = Capture(SourceSettings(url=f"rtsp://127.0.0.1:{camera.port}/1?channel=2"))
        for _ in range(3):
            image = opened.read()
            assert image is not None
            assert image.shape == (scenes.HEIGHT, scenes.WIDTH, 3)
        opened.close()
    assert camera.asked[0].endswith("/1?channel=2")
    assert "OPENCV_FFMPEG_CAPTURE_OPTIONS" not in os.environ


@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
@pytest.mark.parametrize("code", [301, 302, 305])
def test_a_redirect_is_not_followed(
    method: str, code: int, elsewhere: tuple[int, list[object]]
) -> None:
    port, knocks = elsewhere

    def answer(asked: str, _url: str) -> bytes | None:
        if asked != method:
            return None
        place = f"rtsp://127.0.0.1:{port}/1"
        return f"RTSP/1.0 {code} Moved\r\nCSeq: CSEQ\r\nLocation: {place}\r\n\r\n".encode()

    with (
        RtspCamera(scenes.still(300), answer) as camera,
        pytest.raises(Unavailable, match="redirects") as told,
    ):
        Capture(SourceSettings(url=f"rtsp://me:geheim@127.0.0.1:{camera.port}/1"))
    assert knocks == []
    assert "geheim" not in str(told.value)


def test_a_camera_that_gives_pictures_by_another_way_only_is_refused(
    elsewhere: tuple[int, list[object]],
) -> None:
    """`?udp` and its like are not for FFmpeg to read."""
    _, knocks = elsewhere
    with RtspCamera(scenes.still(300)) as camera:
        relay = Relay(f"rtsp://127.0.0.1:{camera.port}/1?udp&HTTP&channel=2", open_s=2)
        assert relay.url.endswith("/1?channel=2")
        relay.close()
    assert knocks == []


def told(content: bytes) -> bytes:
    return b"".join(pieces(io.BytesIO(content)))


def test_messages_and_pictures_pass_and_a_place_does_not() -> None:
    said = (
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nlocation : rtsp://8.8.8.8/\r\nContent-length:4\r\n\r\nv=0\n"
        b"$\x00\x00\x03abc\r\nGET_PARAMETER rtsp://c/1 RTSP/1.0\r\nCSeq: 9\r\n\r\n"
    )
    assert told(said) == (
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 4\r\n\r\nv=0\n"
        b"$\x00\x00\x03abcGET_PARAMETER rtsp://c/1 RTSP/1.0\r\nCSeq: 9\r\n\r\n"
    )


@pytest.mark.parametrize(
    "said",
    [
        b"RTSP/1.0 302 Found\r\nLocation: rtsp://8.8.8.8/\r\n\r\n",
        b"RTSP/1.0 300\n\n",
        b"REDIRECT rtsp://8.8.8.8/ RTSP/1.0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 90\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n folded: rtsp://8.8.8.8/\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nA: b\rLocation: rtsp://8.8.8.8/\r\n\r\n",
        b"RTSP/1.0 200 OK\rRTSP/1.0 302 Found\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n" + b"A: b\r\n" * 200,
        b"x" * 20_000,
    ],
)
def test_what_a_camera_may_not_say_ends_the_stream(said: bytes) -> None:
    with pytest.raises(Refused):
        told(said)
