"""Cameras as they are: late, unplugged, frozen, blocked, busy, and plugged in again."""

from __future__ import annotations

import itertools
import sys
import threading
import time
import types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import scenes

from edge_infer import BadInput, Unavailable
from examples.camera.config.schema import SourceSettings
from examples.camera.sources import grabbers
from examples.camera.sources.grabbers import Capture, grabber
from examples.camera.sources.live import Live
from examples.camera.sources.opening import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from examples.camera.sources.frames import Frame

    Picture = NDArray[np.uint8]

SETTINGS = SourceSettings(url="0", stale_s=0.5, retry_s=0.05)


class Scripted:
    """A camera that does what a list says: a picture, None for an end, a number for a pause."""

    def __init__(self, script: Iterator[Picture | float | None]) -> None:
        self._script = script
        self.closed = False

    def read(self) -> Picture | None:
        for step in self._script:
            if isinstance(step, float):
                time.sleep(step)
                continue
            return step
        time.sleep(0.05)
        return None

    def close(self) -> None:
        self.closed = True


def pictures(count: int, pause: float = 0.01) -> Iterator[Picture | float | None]:
    for picture in scenes.still(count):
        yield pause
        yield picture


class Bench:
    """Opens one scripted camera after the other."""

    def __init__(self, *scripts: Iterator[Picture | float | None] | Exception) -> None:
        self._scripts = list(scripts)
        self.opened: list[Scripted] = []

    def __call__(self, _settings: SourceSettings) -> Scripted:
        script = self._scripts.pop(0) if self._scripts else Unavailable("no more cameras")
        if isinstance(script, Exception):
            raise script
        self.opened.append(Scripted(script))
        return self.opened[-1]


def take(source: Live, count: int, within_s: float = 20.0) -> list[Frame]:
    """So many frames, or what came until the time was over."""
    timer = threading.Timer(within_s, source.close)
    timer.start()
    found = []
    for frame in source.frames():
        found.append(frame)
        if len(found) == count:
            break
    timer.cancel()
    source.close()
    return found


def test_frames_come_with_rising_numbers_and_times() -> None:
    frames = take(Live(SETTINGS, opening=Bench(pictures(50))), 20)
    assert [f.number for f in frames] == list(range(20))
    assert all(a.time_s < b.time_s for a, b in itertools.pairwise(frames))


def test_under_load_the_newest_frame_wins_and_drops_are_counted() -> None:
    source = Live(SETTINGS, opening=Bench(pictures(300, 0.005)))
    for frame in source.frames():
        time.sleep(0.06)
        if frame.number == 8:
            break
    source.close()
    assert source.dropped > 20


def test_a_camera_that_is_unplugged_and_plugged_in_again_goes_on() -> None:
    gone = Unavailable("no such camera")
    bench = Bench(pictures(5, 0.03), gone, gone, pictures(200, 0.03))
    source = Live(SETTINGS, opening=bench)
    frames = take(source, 10)
    assert [f.number for f in frames] == list(range(10))
    told = source.troubles()
    assert any("gives no more frames" in one for one in told)
    assert told[-1] == "the camera is back"
    assert len(told) == 3, "each try is not told of again"
    assert bench.opened[0].closed


def test_a_camera_that_opens_and_shows_nothing_is_not_back() -> None:
    source = Live(SETTINGS, opening=Bench(pictures(5, 0.03), iter([None]), pictures(200, 0.03)))
    take(source, 10)
    assert source.troubles().count("the camera is back") == 1


def test_a_camera_that_repeats_its_last_frame_is_opened_again() -> None:
    def frozen() -> Iterator[Picture | float | None]:
        picture = next(scenes.still(1))
        while True:
            yield 0.01
            yield picture

    source = Live(SETTINGS, opening=Bench(frozen(), pictures(400)))
    first = take_until(source, lambda f: bool(source._troubles) and f.number > 0)
    assert first is not None
    assert any("nothing new" in one for one in source.troubles())


def take_until(source: Live, wanted: Callable[[Frame], bool]) -> Frame | None:
    timer = threading.Timer(20, source.close)
    timer.start()
    found = next((frame for frame in source.frames() if wanted(frame)), None)
    timer.cancel()
    source.close()
    return found


def test_a_camera_that_blocks_for_ever_is_left_and_the_loop_stays_alive() -> None:
    def blocks() -> Iterator[Picture | float | None]:
        yield from pictures(3)
        yield 30.0

    alive: list[float] = []
    source = Live(SETTINGS, opening=Bench(blocks(), pictures(400)),
                  idle=lambda: alive.append(time.monotonic()))  # fmt: skip
    assert len(take(source, 6)) == 6
    assert alive, "the watchdog is fed while nothing comes"


def test_a_camera_that_is_not_there_at_the_start_is_told_of_at_once() -> None:
    with pytest.raises(Unavailable):
        Live(SETTINGS, opening=Bench(Unavailable("no such camera")))


def test_a_frame_that_is_no_picture_is_a_failure_of_the_camera() -> None:
    class Odd(Scripted):
        def read(self) -> Picture | None:
            raise BadInput("pixels of another type")

    source = Live(SETTINGS, opening=lambda _: Odd(iter(())))
    threading.Timer(0.5, source.close).start()
    assert list(source.frames()) == []
    assert any("another type" in one for one in source.troubles())


@pytest.mark.parametrize("error", [RuntimeError("camera gone"), OSError(19, "No such device")])
def test_a_driver_that_raises_is_a_failure_of_the_camera_and_it_is_let_go_of(
    error: Exception,
) -> None:
    class Raises(Scripted):
        def read(self) -> Picture | None:
            raise error

    first = Raises(iter(()))
    cameras = [first, Scripted(pictures(100))]
    source = Live(SETTINGS, opening=lambda _: cameras.pop(0))
    assert len(take(source, 3)) == 3
    told = source.troubles()
    assert str(error) in told[0]
    assert told[-1] == "the camera is back"
    assert first.closed, "or nobody could open it again"


class _Picamera2:
    """What of picamera2 0.3 the Pi's camera uses, with a picture that is red in memory order."""

    def __init__(self) -> None:
        self.calls: list[object] = []
        _Picamera2.made = self

    def create_video_configuration(self, **words: object) -> dict[str, object]:
        return words

    def configure(self, words: object) -> None:
        self.calls.append(words)

    def start(self) -> None:
        self.calls.append("start")

    def capture_array(self, name: str) -> Picture:
        assert name == "main"
        return np.full((480, 640, 3), (0, 0, 255), np.uint8)

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")

    made: _Picamera2


def test_the_pis_camera_gives_bgr_of_the_size_asked_for_and_is_let_go_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = types.ModuleType("picamera2")
    module.Picamera2 = _Picamera2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    camera = grabber(SourceSettings(url="picamera", width=640, height=480))
    image = camera.read()
    assert image is not None
    assert image[0, 0].tolist() == [0, 0, 255], "red, as BGR"
    camera.close()
    assert _Picamera2.made.calls == [
        {"main": {"size": (640, 480), "format": "RGB888"}}, "start", "stop", "close",
    ]  # fmt: skip


@pytest.mark.parametrize("error", [IndexError("list index out of range"), RuntimeError("busy")])
def test_the_pis_camera_that_is_not_there_or_busy(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise error

    module = types.ModuleType("picamera2")
    module.Picamera2 = fails  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    with pytest.raises(Unavailable, match="does not open"):
        grabber(SourceSettings(url="picamera"))


def test_the_rate_is_capped() -> None:
    settings = SourceSettings(url="0", fps_cap=20.0)
    frames = take(Live(settings, opening=Bench(pictures(400, 0.004))), 8)
    gaps = np.diff([f.time_s for f in frames])
    assert np.min(gaps) > 0.04


def test_closing_ends_the_frames_while_the_camera_is_away() -> None:
    source = Live(SourceSettings(url="0", retry_s=30.0), opening=Bench(pictures(2)))
    threading.Timer(0.4, source.close).start()
    began = time.monotonic()
    assert len(list(source.frames())) == 2
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("url", ["97", "/dev/video97"])
def test_no_such_camera(url: str) -> None:
    with pytest.raises(Unavailable, match="no such camera"):
        grabber(SourceSettings(url=url))


def test_a_camera_that_another_program_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(self: Path, *_: object) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "exists", lambda self: True)
    monkeypatch.setattr(Path, "open", busy)
    with pytest.raises(Unavailable, match="cannot be used"):
        grabber(SourceSettings(url="0"))


def test_the_pis_camera_without_picamera2_says_what_to_install() -> None:
    with pytest.raises(Unavailable, match="picamera2"):
        grabber(SourceSettings(url="picamera"))


@pytest.mark.parametrize("url", ["", "nothing-here.mp4", "http://example.com/1", "ftp://a/b"])
def test_what_is_no_source_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        open_source(SourceSettings(url=url))


class Mjpeg(BaseHTTPRequestHandler):
    """A network camera: pictures without an end, as most of them serve."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        self.end_headers()
        try:
            for picture in scenes.still(40):
                jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
                head = f"--b\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                time.sleep(0.02)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        pass


def test_an_mjpeg_stream_of_the_local_network() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mjpeg)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = SourceSettings(url=f"http://127.0.0.1:{server.server_port}/video")
    try:
        frames = take(Live(settings), 5)
    finally:
        server.shutdown()
        server.server_close()
    assert len(frames) == 5
    assert frames[0].image.shape == (scenes.HEIGHT, scenes.WIDTH, 3)


def test_a_stream_that_does_not_answer_and_its_password_is_not_told() -> None:
    with pytest.raises(Unavailable, match="does not open") as told:
        Capture(SourceSettings(url="http://admin:geheim@127.0.0.1:9/video"))
    assert "127.0.0.1:9/video" in str(told.value)
    assert "geheim" not in str(told.value)


def test_a_camera_that_opens_but_streams_to_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """V4L2 lets a second program open the device, and refuses it the frames."""
    (tmp_path / "video0").touch()
    monkeypatch.setattr(grabbers, "_device", lambda _: tmp_path / "video0")
    with pytest.raises(Unavailable, match="does not open") as told:
        grabber(SourceSettings(url="0"))
    assert "close other programs" in str(told.value)
