"""What gives frames by itself: V4L2 and network cameras through OpenCV, the Pi's by picamera2."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cv2

from edge_infer import Unavailable
from examples.camera.network import without_secrets
from examples.camera.sources import rtsp
from examples.camera.sources.http import MotionJpeg
from examples.camera.sources.images import normalise
from examples.camera.sources.rtsp import Relay

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from examples.camera.config.schema import SourceSettings

OPEN_MS, READ_MS = 5000, 5000
"""A stream that does not answer for so long has failed."""
_ENVIRONMENT = threading.Lock()


class Grabber(Protocol):
    """An open camera."""

    def read(self) -> NDArray[np.uint8] | None:
        """Wait for the next frame; None where the camera has ended or failed."""

    def close(self) -> None:
        """Let go of the camera."""


class Capture:
    """A camera or stream that OpenCV opens."""

    def __init__(self, settings: SourceSettings) -> None:
        """Raises Unavailable: no camera there, or another program has it."""
        url = settings.url
        self._relay: Relay | None = None
        if "://" in url:
            self._relay = _relay(url)
            self._capture = _stream(self._relay.url)
        else:
            device = _device(url)
            _check_device(device)
            self._capture = cv2.VideoCapture(str(device), cv2.CAP_V4L2)
        if not self._capture.isOpened():
            self.close()
            why = self._relay.refused if self._relay else ""
            raise _does_not_open(f"{without_secrets(url)}{': ' if why else ''}{why}")
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        if settings.width:
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)

    def read(self) -> NDArray[np.uint8] | None:
        """The next frame."""
        there, image = self._capture.read()
        return normalise(image) if there and image is not None else None

    def close(self) -> None:
        """Let go of the camera."""
        self._capture.release()
        if self._relay is not None:
            self._relay.close()


class PiCamera:
    """The Raspberry Pi's own camera."""

    def __init__(self, settings: SourceSettings) -> None:
        """Raises Unavailable: picamera2 is not installed, or there is no camera."""
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise Unavailable(
                "the Pi's camera needs picamera2", actual=error,
                hint="apt install python3-picamera2, and make the venv with --system-site-packages",
            ) from error  # fmt: skip
        try:
            self._camera: Any = Picamera2()
            size = (settings.width or 640, settings.height or 480)
            self._camera.configure(
                self._camera.create_video_configuration(main={"size": size, "format": "RGB888"})
            )
            self._camera.start()
        except (RuntimeError, IndexError) as error:
            raise Unavailable(
                "the Pi's camera does not open",
                actual=error,
                hint="check its cable, and that no other program uses it",
            ) from error

    def read(self) -> NDArray[np.uint8] | None:
        """The next frame; what picamera2 calls RGB888 is BGR in memory."""
        return normalise(self._camera.capture_array("main"))

    def close(self) -> None:
        """Let go of the camera."""
        self._camera.stop()
        self._camera.close()


def grabber(settings: SourceSettings) -> Grabber:
    """Open the camera of the settings. Raises Unavailable."""
    if settings.url == "picamera":
        return PiCamera(settings)
    if settings.url.lower().startswith("http://"):
        return MotionJpeg(settings.url, open_s=OPEN_MS / 1000, read_s=READ_MS / 1000)
    return Capture(settings)


def _relay(url: str) -> Relay:
    try:
        return Relay(url, open_s=OPEN_MS / 1000)
    except OSError as error:
        raise _does_not_open(f"{without_secrets(url)}: {error}") from error


def _stream(url: str) -> cv2.VideoCapture:
    """FFmpeg's side of a relay; OpenCV hands it options by the environment alone."""
    with _ENVIRONMENT:
        before = os.environ.get("OPENCV_FFMPEG_CAPTURE_OPTIONS")
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = rtsp.OPTIONS
        try:
            times = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC,
                     READ_MS]  # fmt: skip
            return cv2.VideoCapture(url, cv2.CAP_FFMPEG, times)
        finally:
            if before is None:
                del os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"]
            else:
                os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = before


def _does_not_open(actual: str) -> Unavailable:
    return Unavailable(
        "the camera does not open",
        expected="a camera that nobody else uses, or a stream that answers",
        actual=actual,
        hint="close other programs that use it; check cable, address and password",
    )


def is_live(url: str) -> bool:
    """Whether a source is a camera or a stream, not a file or a folder.

    >>> is_live("0"), is_live("/dev/video2"), is_live("rtsp://door.lan/1"), is_live("a.mp4")
    (True, True, True, False)
    """
    return "://" in url or url == "picamera" or bool(re.fullmatch(r"\d+|/dev/video\d+", url))


def _device(url: str) -> Path:
    return Path(f"/dev/video{url}" if url.isdigit() else url)


def _check_device(device: Path) -> None:
    if not device.exists():
        there = sorted(path.name for path in Path("/dev").glob("video*"))
        raise Unavailable(
            "no such camera", expected=str(device), actual=", ".join(there) or "none",
            hint="plug it in, or name a video file or a folder of pictures",
        )  # fmt: skip
    try:
        device.open("rb").close()
    except OSError as error:
        raise Unavailable(
            "the camera cannot be used", expected=str(device), actual=error,
            hint="another program may have it; your user has to be in the group video",
        ) from error  # fmt: skip
