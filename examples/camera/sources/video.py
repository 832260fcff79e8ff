"""A video file as a recording, clocked by its own frame rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

from edge_infer import BadInput
from examples.camera.network import without_secrets
from examples.camera.sources.frames import Frame
from examples.camera.sources.images import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Video:
    """The frames of a file."""

    live = False

    def __init__(self, path: Path, *, fps: float) -> None:
        """`fps` serves where the file does not say.

        Raises:
            BadInput: no such file, or no video that OpenCV reads.
        """
        if not path.is_file():
            raise BadInput(
                "no such file",
                expected="a video or a folder",
                actual=without_secrets(str(path)),
                hint="check the path; a camera's address begins with rtsp:// or http://",
            )
        self._path = path
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise BadInput(
                "not a video",
                expected="what OpenCV reads",
                actual=str(path),
                hint="look whether it was copied whole; convert it to MP4 or AVI, or give pictures",
            )
        told = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = told if 0.1 <= told <= 1000 else fps
        self._count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._troubles: list[str] = []
        self._closed = False

    def frames(self) -> Iterator[Frame]:
        """Yield the frames; say so where the file ends before its header says."""
        number = 0
        while not self._closed:
            there, image = self._capture.read()
            if not there or image is None:
                break
            yield Frame(normalise(image), number / self.fps, number)
            number += 1
        if self._closed:
            return
        if number == 0:
            raise BadInput(
                "a video without a frame",
                actual=str(self._path),
                hint="look whether its recording was broken off",
            )
        if self._count > number + 1:
            self._troubles.append(
                f"{self._path.name} ends after {number} frames of {self._count}: it is cut short"
            )

    def troubles(self) -> list[str]:
        """What was noticed since the last call."""
        told, self._troubles = self._troubles, []
        return told

    def close(self) -> None:
        """Let go of the file; `frames` ends."""
        self._closed = True
        self._capture.release()
