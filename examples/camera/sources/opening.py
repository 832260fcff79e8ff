"""From what the user wrote to a source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer import BadInput
from examples.camera.config.checks import check_url
from examples.camera.sources.folder import Folder
from examples.camera.sources.grabbers import is_live
from examples.camera.sources.live import Live
from examples.camera.sources.video import Video

if TYPE_CHECKING:
    from collections.abc import Callable

    from examples.camera.config.schema import SourceSettings
    from examples.camera.sources.frames import Source


def open_source(settings: SourceSettings, *, idle: Callable[[], None] | None = None) -> Source:
    """A camera, a stream, a video file or a folder of pictures.

    `idle` is called again and again while a camera gives nothing.

    Raises:
        BadInput: nothing is named, or it is no recording.
        Unavailable: the camera does not open.
    """
    if not settings.url:
        raise BadInput(
            "no source", expected="a camera, a stream, a video or a folder of pictures",
            hint="--source 0 is the first webcam",
        )  # fmt: skip
    check_url(settings.url)
    if is_live(settings.url):
        return Live(settings, idle=idle or (lambda: None))
    return open_recording(Path(settings.url), fps=settings.fps)


def open_recording(path: Path, *, fps: float) -> Folder | Video:
    """A video file or a folder of pictures. Raises BadInput."""
    return Folder(path, fps=fps) if path.is_dir() else Video(path, fps=fps)
