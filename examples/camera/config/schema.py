"""The fields of `camera.toml`, a class for each table. What is not set has these values."""

from __future__ import annotations

from dataclasses import dataclass, field

from examples.camera.motion.settings import MotionSettings

Polygon = tuple[tuple[float, float], ...]
"""Corners x, y as shares of the width and height, from 0 to 1."""


@dataclass(frozen=True)
class SourceSettings:
    """`[source]`"""

    url: str = ""
    """A camera (`0`, `/dev/video0`, `picamera`), a file, a folder, `rtsp://…` or `http://…`."""
    fps: float = 25.0
    """Pictures a second of a folder, and of a file that does not say."""
    fps_cap: float = 0.0
    """A live camera's frames above this rate are left out; 0 for all."""
    width: int = 0
    height: int = 0
    """Size asked of a camera; 0 for its own."""
    stale_s: float = 10.0
    """A camera that gives nothing, or one and the same picture, for so long is opened again."""
    retry_s: float = 2.0
    """Pause before it is opened again; doubled each time, up to a minute."""


@dataclass(frozen=True)
class ZoneSettings:
    """`[zones]`"""

    include: tuple[Polygon, ...] = ()
    """Only what moves in one of these counts; none for everywhere."""
    exclude: tuple[Polygon, ...] = ()
    """What moves in one of these does not count."""


@dataclass(frozen=True)
class FaceSettings:
    """`[faces]`"""

    detector: str = "shipped"
    """`shipped`, `off`, the directory of a bundle, or `yunet=FILE`."""
    trust: str = ""
    """Public key file for a bundle of one's own."""
    engine: str = ""
    """`onnxruntime` or `native`; empty for what there is."""
    smallest_px: int = 47
    min_score: float | None = None
    moving_every_frames: int = 2
    """Where something moves, faces are searched once in so many frames…"""
    every_frames: int = 25
    """…and in the whole frame once in so many; 0 for never."""
    follow_s: float = 4.0
    """A face that the detector does not see is followed by its looks for so long."""


@dataclass(frozen=True)
class TrackSettings:
    """`[tracking]`"""

    bridge_s: float = 1.0
    """A track that is not seen for longer has ended."""
    confirm_s: float = 0.2
    """A track is reported once it was seen for so long…"""
    confirm_frames: int = 3
    """…and in so many frames."""


@dataclass(frozen=True)
class EventSettings:
    """`[events]`"""

    log: str = "-"
    """A file to append to, or `-` for standard output."""
    update_s: float = 1.0
    """Pause between two updates of one event; 0 for none."""
    suppressed: bool = True
    """Tell of frames in which something changed that was not reported, and why."""


@dataclass(frozen=True)
class MqttSettings:
    """`[mqtt]`: none without a host."""

    host: str = ""
    port: int = 1883
    topic: str = "camera"
    user: str = ""
    password_file: str = ""


@dataclass(frozen=True)
class StoreSettings:
    """`[store]`: no picture is kept unless it is asked for here."""

    folder: str = ""
    snapshots: bool = False
    clips: bool = False
    pre_s: float = 2.0
    post_s: float = 3.0
    longest_s: float = 120.0
    blur_faces: bool = False
    budget_mb: float = 500.0
    """The oldest snapshots and clips go when they take more."""
    memory_mb: float = 48.0
    """For the frames before an event; fewer seconds are kept where they do not fit."""


@dataclass(frozen=True)
class HookSettings:
    """`[hook]`: none without a command."""

    command: tuple[str, ...] = ()
    """Run for every start and end of an event, which it reads as JSON on standard input."""
    timeout_s: float = 10.0


@dataclass(frozen=True)
class Config:
    """The whole of `camera.toml`."""

    source: SourceSettings = field(default_factory=SourceSettings)
    motion: MotionSettings = field(default_factory=MotionSettings)
    zones: ZoneSettings = field(default_factory=ZoneSettings)
    faces: FaceSettings = field(default_factory=FaceSettings)
    tracking: TrackSettings = field(default_factory=TrackSettings)
    events: EventSettings = field(default_factory=EventSettings)
    mqtt: MqttSettings = field(default_factory=MqttSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    hook: HookSettings = field(default_factory=HookSettings)
