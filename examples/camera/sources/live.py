"""A camera that is opened again whenever it fails, and of whose frames the newest wins.

A thread reads; the loop takes the newest frame, and what it could not take is counted. Neither an
error nor a frame that came is trusted: a camera that is unplugged may block, fail, or repeat its
last frame for ever, so one that brings nothing new for a while is closed and opened again.
"""

from __future__ import annotations

import threading
import time
import zlib
from typing import TYPE_CHECKING

import cv2

from edge_infer import EdgeInferError
from examples.camera.sources.frames import Frame
from examples.camera.sources.grabbers import grabber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from examples.camera.config.schema import SourceSettings
    from examples.camera.sources.grabbers import Grabber

LONGEST_PAUSE_S = 60.0


class _Reader(threading.Thread):
    """Reads one open camera until it fails or is left."""

    def __init__(self, camera: Grabber, clock: Callable[[], float]) -> None:
        super().__init__(daemon=True, name="camera")
        self._camera, self._clock = camera, clock
        self.changed = threading.Condition()
        self.newest: tuple[NDArray[np.uint8], float] | None = None
        self.read_frames = 0
        self.failed: str | None = None
        self.left = False

    def run(self) -> None:
        while not self.left:
            try:
                image = self._camera.read()
                wrong = None if image is not None else "the camera gives no more frames"
            except (EdgeInferError, OSError, RuntimeError, cv2.error) as error:
                # picamera2 and OpenCV raise where a camera was unplugged.
                image, wrong = None, str(error) or type(error).__name__
            with self.changed:
                if image is None:
                    self.failed = wrong
                else:
                    self.newest = (image, self._clock())
                    self.read_frames += 1
                self.changed.notify_all()
            if image is None:
                break
        self._camera.close()


class Live:
    """A camera as a source that ends only when it is closed."""

    live = True

    def __init__(
        self,
        settings: SourceSettings,
        *,
        opening: Callable[[SourceSettings], Grabber] = grabber,
        clock: Callable[[], float] = time.monotonic,
        idle: Callable[[], None] = lambda: None,
    ) -> None:
        """Open it once now, so that a wrong name is told of at once. Raises Unavailable.

        `idle` is called again and again while no frame comes.
        """
        self._settings, self._opening, self._clock = settings, opening, clock
        self._idle = idle
        self._started_s = clock()
        self._closed = threading.Event()
        self._troubles: list[str] = []
        self._number = 0
        self._returning = False
        """Whether it was opened again and has shown nothing yet."""
        self.dropped = 0
        self._reader: _Reader | None = self._open()

    def _open(self) -> _Reader:
        reader = _Reader(self._opening(self._settings), self._clock)
        reader.start()
        return reader

    def frames(self) -> Iterator[Frame]:
        """Yield the newest frame each time, until the source is closed."""
        while not self._closed.is_set():
            if self._reader is None:
                self._reader = self._open_again()
                continue
            yield from self._from(self._reader)
            self._reader.left = True
            self._reader = None

    def _from(self, reader: _Reader) -> Iterator[Frame]:
        """Frames of one opening, until it fails or goes stale."""
        taken, last_sum, fresh_s, due_s = 0, None, self._clock(), 0.0
        while not self._closed.is_set():
            with reader.changed:
                reader.changed.wait_for(
                    lambda: reader.read_frames > taken or reader.failed is not None,  # noqa: B023
                    timeout=0.2,
                )
                count, newest, failed = reader.read_frames, reader.newest, reader.failed
            if count > taken and newest is not None:
                image, at_s = newest
                if self._returning:
                    self._troubles.append("the camera is back")
                    self._returning = False
                digest = zlib.crc32(image.data)
                if digest != last_sum:
                    last_sum, fresh_s = digest, at_s
                if at_s >= due_s - 1e-3:
                    self.dropped += count - taken - 1 if due_s == 0 else 0
                    due_s = at_s + 1 / self._settings.fps_cap if self._settings.fps_cap else 0.0
                    yield Frame(image, at_s - self._started_s, self._number)
                    self._number += 1
                taken = count
            elif failed is None:
                self._idle()
            else:
                self._troubles.append(f"{failed}; it is opened again")
                return
            if self._clock() - fresh_s > self._settings.stale_s:
                self._troubles.append(
                    f"the camera has shown nothing new for {self._settings.stale_s:g} s;"
                    " it is opened again"
                )
                return

    def _open_again(self) -> _Reader | None:
        """Try until it opens; None where the source was closed meanwhile."""
        pause_s = self._settings.retry_s
        while not self._wait(pause_s):
            try:
                reader = self._open()
            except EdgeInferError as error:
                if pause_s == self._settings.retry_s:
                    self._troubles.append(str(error).replace("\n", ";"))
                pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
                continue
            self._returning = True
            return reader
        return None

    def _wait(self, pause_s: float) -> bool:
        """Wait, idling; whether the source was closed meanwhile."""
        until_s = self._clock() + pause_s
        while self._clock() < until_s and not self._closed.wait(min(0.2, pause_s)):
            self._idle()
        return self._closed.is_set()

    def troubles(self) -> list[str]:
        """What was noticed since the last call."""
        told, self._troubles = self._troubles, []
        return told

    def close(self) -> None:
        """End `frames`. The camera itself is let go of by the thread that reads it."""
        self._closed.set()
        if self._reader is not None:
            self._reader.left = True
