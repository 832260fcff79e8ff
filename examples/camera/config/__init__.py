"""`camera.toml`: every field with its type, its bounds and what it may not contradict."""

from examples.camera.config.reading import read_config
from examples.camera.config.schema import Config

__all__ = ["Config", "read_config"]
