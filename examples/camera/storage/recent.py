"""The last seconds as JPEG in memory, for what came before an event."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from examples.camera.tracking.follow import Follower

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from examples.camera.tracking import Box
    from examples.camera.watch import Seen

QUALITY = 90


@dataclass(frozen=True)
class Kept:
    """A frame that may be stored."""

    jpeg: bytes
    time_s: float
    faces: list[Box]
    """Where faces are: added to when one is found that must have been there already."""


class Recent:
    """Frames of the last `seconds`, and of no more than `most_bytes`."""

    def __init__(self, *, seconds: float, most_bytes: int) -> None:
        self._seconds, self._most = seconds, most_bytes
        self._kept: deque[Kept] = deque()
        self.bytes = 0

    def add(self, seen: Seen) -> list[float]:
        """Keep a frame; let go of those that are too old or do not fit, and return their times."""
        jpeg = cv2.imencode(".jpg", seen.frame.image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        faces = [track.box for track in seen.faces]
        self._kept.append(Kept(jpeg.tobytes(), seen.frame.time_s, faces))
        self.bytes += len(self._kept[-1].jpeg)
        oldest_s, times = seen.frame.time_s - self._seconds, list[float]()
        while len(self._kept) > 1 and (self._kept[0].time_s < oldest_s or self.bytes > self._most):
            gone = self._kept.popleft()
            self.bytes -= len(gone.jpeg)
            times.append(gone.time_s)
        return times

    def between(self, after_s: float, until_s: float) -> list[Kept]:
        """Frames later than one time and not later than another."""
        return [kept for kept in self._kept if after_s < kept.time_s <= until_s]

    def trace_back(self, box: Box, image: NDArray[np.uint8], within_s: float) -> None:
        """Find a face of the newest frame in those before it, by its looks, and note it there."""
        follower = Follower.of(_grey(image), box)
        if follower is None or len(self._kept) < 2:
            return
        newest_s = self._kept[-1].time_s
        for kept in list(self._kept)[-2::-1]:
            if newest_s - kept.time_s > within_s:
                return
            frame = cv2.imdecode(np.frombuffer(kept.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
            found = follower.find(np.asarray(frame, np.uint8), box, 0.0)
            if found is None:
                return
            box = found.box
            kept.faces.append(box)

    def faces_around(self, time_s: float, within_s: float) -> Iterator[Box]:
        """Faces of all frames near a time: one that is found late was there before."""
        for kept in self._kept:
            if abs(kept.time_s - time_s) <= within_s:
                yield from kept.faces

    def rate(self) -> float:
        """Frames a second, as they came."""
        if len(self._kept) < 2:
            return 10.0
        passed = self._kept[-1].time_s - self._kept[0].time_s
        return min(120.0, max(1.0, (len(self._kept) - 1) / passed)) if passed > 0 else 10.0


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
