"""What every source yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Frame:
    """A picture and when it was taken."""

    image: NDArray[np.uint8]
    """(h, w) grey or (h, w, 3) BGR."""
    time_s: float
    """Seconds since the source's first frame: a recording's own clock, or a monotonic one."""
    number: int
    """From 0; a frame that was dropped or could not be read leaves a gap."""
    name: str = ""
    """Of the file, where each frame is one."""


class Source(Protocol):
    """Frames in order, and what went wrong on the way."""

    @property
    def live(self) -> bool:
        """Whether frames come by themselves and are lost when nobody takes them."""

    def frames(self) -> Iterator[Frame]:
        """Yield frames until the source ends or is closed."""

    def troubles(self) -> list[str]:
        """What was noticed since the last call, in words."""

    def close(self) -> None:
        """Let go of the camera or file. A second call does nothing."""
