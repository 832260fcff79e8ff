"""What the camera sees, on a screen: a window, or coloured blocks in a terminal."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from edge_infer import Unavailable
from examples.camera.annotate import draw

if TYPE_CHECKING:
    from typing import TextIO

    from numpy.typing import NDArray

    from examples.camera.watch import Seen

PAUSE_S = 0.2
"""A terminal is drawn again at most five times a second."""


class View(Protocol):
    """Shows frames."""

    def show(self, seen: Seen) -> bool:
        """Show a frame; False where the user closed the view."""

    def close(self) -> None:
        """Leave the screen as it was."""


class Window:
    """A window of OpenCV's; `q` or Escape closes it."""

    NAME = "camera"

    def __init__(self) -> None:
        """Raises Unavailable: no screen, or an OpenCV without windows."""
        try:
            cv2.namedWindow(self.NAME, cv2.WINDOW_NORMAL)
        except cv2.error as error:
            raise Unavailable(
                "no window can be opened", actual=str(error).strip().splitlines()[-1],
                hint="install opencv-python instead of -headless, or choose --view terminal",
            ) from error  # fmt: skip

    def show(self, seen: Seen) -> bool:
        """Show a frame with what was seen in it."""
        cv2.imshow(self.NAME, draw(seen))
        return cv2.waitKey(1) & 0xFF not in (27, ord("q"))

    def close(self) -> None:
        """Close the window."""
        cv2.destroyWindow(self.NAME)


class Terminal:
    """Two pixels a character, in 24-bit colour, on standard error."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._due_s = 0.0

    def show(self, seen: Seen) -> bool:
        """Draw a frame in place of the one before."""
        now_s = time.monotonic()
        if now_s >= self._due_s:
            self._due_s = now_s + PAUSE_S
            columns, lines = terminal_size()
            self._out.write("\x1b[H" + blocks(draw(seen), columns, lines - 1))
            self._out.flush()
        return True

    def close(self) -> None:
        """Give the colours back."""
        self._out.write("\x1b[0m\n")
        self._out.flush()


def terminal_size() -> tuple[int, int]:
    """Columns and lines of the terminal, 80 by 24 where there is none."""
    try:
        size = os.get_terminal_size(2)
    except OSError:
        return 80, 24
    return max(8, size.columns), max(4, size.lines)


def blocks(picture: NDArray[np.uint8], columns: int, lines: int) -> str:
    """A picture (h, w, 3) as lines of half blocks with their colours."""
    height, width = picture.shape[:2]
    scale = min(columns / width, 2 * lines / height)
    size = (max(1, int(width * scale)), 2 * max(1, int(height * scale / 2)))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    rows = []
    for upper, lower in zip(small[::2], small[1::2], strict=True):
        cells = [
            f"\x1b[38;2;{r};{g};{b}m\x1b[48;2;{s};{t};{u}m▀"
            for (b, g, r), (u, t, s) in zip(upper.tolist(), lower.tolist(), strict=True)
        ]
        rows.append("".join(cells) + "\x1b[0m")
    return "\n".join(rows)


def open_view(name: str) -> View | None:
    """The view of a name: `window`, `terminal`, or `off`. Raises Unavailable."""
    if name == "window":
        return Window()
    return Terminal() if name == "terminal" else None
