"""What of the motion detection can be set, with its unit and its bounds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MotionSettings:
    """One set of values serves every recording it was measured on; few need another."""

    min_area_percent: float = 0.15
    """A region smaller than this share of the picture is not an object."""
    threshold: int = 14
    """Grey levels by which a pixel has to differ from nearly all samples of its background."""
    colour_threshold: int = 7
    """The same for the two colour differences, on a scale of 256."""
    follow_contrast: bool = True
    """Lower both in dim or hazy pictures, down to half."""
    memory_frames: int = 16
    """One background pixel in so many is learned a frame; more means a longer memory."""
    absorb_frames: int = 64
    """Where something stands still, the background learns so many times slower."""
    warmup_s: float = 2.0
    """After the start nothing is reported for so long."""
    shadows: bool = True
    """Leave out soft shadows: darker, of the same colour, with the texture of the ground."""
    light_levels: int = 8
    """A change of the whole picture by this many grey levels is a change of the light."""
    light_settle_s: float = 0.5
    """After a change of the light nothing new is reported for so long."""
    scene_percent: float = 70.0
    """More change than this at once is no object: the camera was moved, covered or switched."""
