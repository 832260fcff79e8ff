"""What was seen, drawn into the frames, and kept as a video."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_infer import BadInput
from examples.camera import private

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from examples.camera.tracking import Track
    from examples.camera.watch import Seen

MOTION, FACE, QUIET = (60, 180, 250), (90, 220, 90), (160, 160, 160)
"""Colours in BGR."""
LEAST_FREE = 1 << 22
"""Bytes that are left free on the disk."""


def draw(seen: Seen) -> NDArray[np.uint8]:
    """The frame (h, w, 3) with the boxes of what moves, of faces, and the reason of silence."""
    image = seen.frame.image
    picture = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image.copy()
    outlines, _ = cv2.findContours(
        seen.motion.full_mask(), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    cv2.drawContours(picture, outlines, -1, QUIET if seen.motion.reason else MOTION, 1)
    for track in seen.moving:
        _box(picture, track, f"{track.number}", MOTION)
    for track in seen.faces:
        if track.confirmed:
            _box(picture, track, f"face {track.number}", FACE)
    words = f"{seen.frame.time_s:.1f} s {seen.motion.reason or ''}".strip()
    cv2.putText(picture, words, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1)
    return np.asarray(picture, np.uint8)


def _box(picture: NDArray[np.uint8], track: Track, words: str, colour: tuple[int, ...]) -> None:
    x0, y0, x1, y1 = (round(side) for side in track.box)
    cv2.rectangle(picture, (x0, y0), (x1, y1), colour, 2)
    cv2.putText(picture, words, (x0, max(12, y0 - 4)), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1)


class Annotated:
    """A video file that is written frame by frame; its size is the first frame's."""

    def __init__(self, path: Path, *, fps: float) -> None:
        """Raises BadInput where the folder is not there."""
        if not path.parent.is_dir():
            raise BadInput(
                "no such folder",
                expected=str(path.parent),
                actual=str(path),
                hint="make the folder, or name the video elsewhere",
            )
        self._path, self._fps = path, fps
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def add(self, seen: Seen) -> None:
        """Draw and write one frame. Raises BadInput where no video can be written."""
        picture = draw(seen)
        if no_room(self._path.parent):
            raise BadInput(
                "the disk is full",
                expected=f"{LEAST_FREE >> 20} MB that stay free, so that the video can be finished",
                actual=str(self._path),
                hint="make room, or name a video on another disk for --annotate",
            )
        if self._writer is None:
            self._size = (picture.shape[1], picture.shape[0])
            self._writer = self._begun()
        if (picture.shape[1], picture.shape[0]) != self._size:
            picture = np.asarray(cv2.resize(picture, self._size), np.uint8)
        self._writer.write(picture)

    def _begun(self) -> cv2.VideoWriter:
        made = False
        with contextlib.suppress(OSError):  # what cannot be made is told of by the writer
            private.create(self._path)
            made = True
        try:
            return open_writer(self._path, fps=self._fps, size=self._size)
        except BadInput:
            if made:
                self._path.unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.release()


def no_room(folder: Path) -> bool:
    """Whether a video in that folder could not be finished soon. Raises OSError."""
    return shutil.disk_usage(folder).free < LEAST_FREE


def open_writer(path: Path, *, fps: float, size: tuple[int, int]) -> cv2.VideoWriter:
    """A writer of MPEG-4 in `.mp4`, or of Motion JPEG in `.avi`. Raises BadInput."""
    code = "MJPG" if path.suffix.lower() == ".avi" else "mp4v"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), fps, size)
    if not writer.isOpened():
        raise BadInput(
            "cannot write a video", expected="a folder that can be written, .mp4 or .avi",
            actual=str(path),
            hint="choose another place for --annotate, and look whether the disk is full",
        )  # fmt: skip
    return writer
