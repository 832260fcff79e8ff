"""Objects keep their number from frame to frame."""

from examples.camera.tracking.boxes import Box, Sighting
from examples.camera.tracking.tracks import Track, Tracker

__all__ = ["Box", "Sighting", "Track", "Tracker"]
