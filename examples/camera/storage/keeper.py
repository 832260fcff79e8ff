"""A snapshot where an event starts, a clip from before it until after it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_infer import BadInput
from examples.camera.annotate import no_room, open_writer
from examples.camera.storage.blur import blurred
from examples.camera.storage.budget import Folder, Unfinished
from examples.camera.storage.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Callable

    from examples.camera.config.schema import StoreSettings
    from examples.camera.events.event import Event
    from examples.camera.watch import Seen

LOOK_S = 1.0
"""Faces of frames so much before and after are blurred too."""


class Keeper:
    """Keeps the pictures of one camera. What fails is told, never raised."""

    def __init__(self, settings: StoreSettings, stamp: Callable[[float], str]) -> None:
        """`stamp` names a frame's time. Raises BadInput where the folder cannot be written."""
        self._settings, self._stamp = settings, stamp
        self._folder = Folder(Path(settings.folder), budget_bytes=int(settings.budget_mb * 1e6))
        self._behind_s = LOOK_S if settings.blur_faces else 0.0
        self._recent = Recent(
            seconds=settings.pre_s + 2 * self._behind_s + 0.5,
            most_bytes=int(settings.memory_mb * 1e6),
        )
        self._clip: _Clip | None = None
        self._known: set[int] = set()
        self._troubles: list[str] = []

    def step(self, seen: Seen) -> None:
        """Take the next frame and what was told of it."""
        gone = self._recent.add(seen)
        if self._clip is not None:
            self._clip.lost += sum(self._clip.written_s < time_s for time_s in gone)
        if self._settings.blur_faces:
            self._note_new_faces(seen)
        starts = [event for event in seen.events if event.what == "start"]
        if self._settings.snapshots and starts:
            self._snapshot(seen, starts[0])
        if self._settings.clips:
            now_s = seen.frame.time_s
            faces = [track for track in seen.faces if track.confirmed and track.seen_s == now_s]
            self._follow(now_s, starts, active=bool(seen.moving or faces))

    def troubles(self) -> list[str]:
        """What failed since the last call."""
        told, self._troubles = self._troubles, []
        return told

    def close(self) -> None:
        """Finish the clip that is open."""
        if self._clip is not None:
            self._end(self._clip, self._clip.ends_s)

    def _note_new_faces(self, seen: Seen) -> None:
        """A face that is found now was there before: those frames are stored later."""
        for track in seen.faces:
            if track.number not in self._known:
                self._recent.trace_back(track.box, seen.frame.image, LOOK_S)
        self._known = {track.number for track in seen.faces}

    def _snapshot(self, seen: Seen, event: Event) -> None:
        image = seen.frame.image
        if self._settings.blur_faces:
            image = blurred(image, self._recent.faces_around(seen.frame.time_s, LOOK_S))
        content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
        self._store(f"{event.kind}-{event.number}", content, seen.frame.time_s)
        self._make_room()

    def _store(self, name: str, jpeg: bytes, time_s: float) -> None:
        begun = None
        try:
            begun = self._folder.begin(f"{self._stamp(time_s)}-{name}", ".jpg")
            begun.path.write_bytes(jpeg)
            begun.finish()
        except OSError as error:
            if begun is not None:
                with contextlib.suppress(OSError):
                    begun.give_up()
            self._troubles.append(f"a snapshot was not kept: {error}")

    def _follow(self, time_s: float, starts: list[Event], *, active: bool) -> None:
        settings = self._settings
        if self._clip is None and starts:
            name = f"{self._stamp(time_s)}-event-{starts[0].number}"
            self._clip = _Clip(self._folder, name, time_s, time_s - settings.pre_s - 1e-6)
        clip = self._clip
        if clip is None:
            return
        if active:
            clip.ends_s = time_s + settings.post_s
        clip.ends_s = min(clip.ends_s, clip.began_s + settings.longest_s)
        self._write(clip, min(time_s - self._behind_s, clip.ends_s))
        if time_s >= clip.ends_s + self._behind_s:
            self._end(clip, clip.ends_s)

    def _write(self, clip: _Clip, until_s: float) -> None:
        for kept in self._recent.between(clip.written_s, until_s):
            stored = np.frombuffer(kept.jpeg, np.uint8)
            image = np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR), np.uint8)
            if self._settings.blur_faces:
                image = blurred(image, self._recent.faces_around(kept.time_s, LOOK_S))
            clip.add(image, self._recent.rate())
            clip.written_s = kept.time_s

    def _end(self, clip: _Clip, until_s: float) -> None:
        self._write(clip, until_s)
        if clip.lost:
            self._troubles.append(
                f"a clip lacks {clip.lost} frames: store.memory_mb is too small for these pictures"
            )
        wrong = clip.close()
        if wrong:
            self._troubles.append(f"a clip was not kept: {wrong}")
        self._clip = None
        self._make_room()

    def _make_room(self) -> None:
        try:
            self._folder.make_room()
        except OSError as error:
            self._troubles.append(f"old pictures were not removed: {error}")


class _Clip:
    """A video that grows under another name until it is whole."""

    def __init__(self, folder: Folder, name: str, began_s: float, written_s: float) -> None:
        self._folder, self._name = folder, name
        self._begun: Unfinished | None = None
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._failed: str | None = None
        self.lost = 0
        """Frames that did not wait in memory until they could be written."""
        self.began_s, self.ends_s, self.written_s = began_s, began_s, written_s

    def add(self, image: np.ndarray, fps: float) -> None:
        """Write a frame, unless the file cannot be made: `close` says so."""
        if self._failed:
            return
        if no_room(self._folder.path):
            self._failed = "the disk is full"
            return
        if self._writer is None:
            self._size = (image.shape[1], image.shape[0])
            try:
                self._begun = self._folder.begin(self._name, ".mp4")
                self._writer = open_writer(self._begun.path, fps=fps, size=self._size)
            except (OSError, BadInput) as error:
                self._failed = f"it cannot be written: {error}".replace("\n", ";")
                return
        if (image.shape[1], image.shape[0]) != self._size:
            image = cv2.resize(image, self._size)
        self._writer.write(image)

    def close(self) -> str | None:
        """Give the file its name; return what went wrong instead."""
        if self._writer is not None:
            self._writer.release()
        if self._begun is None:
            return self._failed
        try:
            if self._writer is None:
                self._begun.give_up()
            else:
                self._begun.finish()
        except OSError as error:
            return str(error)
        return self._failed
