"""`tune RECORDING --rectangle x0,y0,x1,y1`: thresholds for one camera.

The rectangle is the smallest thing that shall be told of, drawn around it in a frame; the
recording shows the camera's noise, and what else changes in it.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_infer import BadInput, EdgeInferError, Unavailable
from examples.camera.config import read_config
from examples.camera.config.checks import BOUNDS
from examples.camera.motion import MotionDetector
from examples.camera.motion.planes import reduce
from examples.camera.options import add_options, configured
from examples.camera.sources.opening import open_recording

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examples.camera.config import Config

    Box = tuple[int, int, int, int]

FILLED = 0.5
"""An object fills about so much of the rectangle around it; half of that is told of too."""
PER_SIGMA, LEAST, MOST = 5.0, 10, 40
"""The threshold in standard deviations of the noise, and its bounds."""


def main(argv: list[str]) -> int:
    """Print the settings as TOML; return the exit code."""
    parser = argparse.ArgumentParser("python -m examples.camera tune", description=__doc__)
    parser.add_argument("recording", type=Path, help="a video or a folder of pictures")
    parser.add_argument(
        "--rectangle", metavar="x0,y0,x1,y1", help="in pixels; drawn where left out"
    )
    add_options(parser)
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    try:
        config = configured(read_config(options.config), options)
        first = next(open_recording(options.recording, fps=config.source.fps).frames(), None)
        if first is None:
            raise BadInput(
                "a recording without a frame",
                actual=str(options.recording),
                hint="record some seconds with the camera where it will stand",
            )
        box = _parsed(options.rectangle) if options.rectangle else _drawn(first.image)
        print(tune(options.recording, box, config).toml())
    except EdgeInferError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    return 0


@dataclass(frozen=True)
class Tuned:
    """What a recording and a rectangle tell."""

    min_area_percent: float
    threshold: int
    noise: float
    """Standard deviation of a pixel, in grey levels."""
    restless_percent: float
    """The largest region of most frames that is smaller than the rectangle's object."""

    def toml(self) -> str:
        """As a table of `camera.toml`, with why."""
        return (
            f"[motion]\n"
            f"# noise of {self.noise:.1f} grey levels\n"
            f"threshold = {self.threshold}\n"
            f"follow_contrast = false\n"
            f"# smaller things were seen up to {self.restless_percent:.3f} per cent\n"
            f"min_area_percent = {self.min_area_percent:.3f}"
        )


def tune(recording: Path, box: Box, config: Config) -> Tuned:
    """Thresholds for what fills the box.

    Raises:
        BadInput: no recording, a box that lies outside, or one that is smaller than what
            changes all the time.
    """
    noise, sizes, size = 0.0, [], (0, 0)
    settings = replace(config.motion, min_area_percent=0.01)
    detector, before, steps = MotionDetector(settings), None, []
    for frame in open_recording(recording, fps=config.source.fps).frames():
        now = reduce(frame.image).luma
        size = (frame.image.shape[1], frame.image.shape[0])
        if before is not None and before.shape == now.shape:
            steps.append(_noise(before, now))
        before = now
        motion = detector.step(frame.image, frame.time_s)
        if motion.reason is None:
            sizes += [_percent(region, size) for region in motion.boxes]
    wanted = _wanted(box, size)
    noise = float(np.median(steps)) if steps else 0.0
    threshold = min(MOST, max(LEAST, round(PER_SIGMA * noise) + 4))
    smaller = [one for one in sizes if one < wanted / 2]
    restless = float(np.percentile(smaller, 99)) if smaller else 0.0
    least = FILLED * wanted / 2
    if restless * FILLED > least:
        least = restless * FILLED
    return Tuned(
        max(BOUNDS["motion.min_area_percent"][0], round(least, 3)), threshold, noise, restless
    )


def _noise(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> float:
    """Standard deviation of one pixel: the difference of two frames has √2 of it.

    The mean over the half that changed least is 0.378 of the deviation of normal noise.
    """
    off = np.sort(cv2.absdiff(before, now), axis=None)[: now.size // 2]
    return float(off.mean()) / 0.378 / 2**0.5


def _wanted(box: Box, size: tuple[int, int]) -> float:
    x0, y0, x1, y1 = box
    if not (0 <= x0 < x1 <= size[0] and 0 <= y0 < y1 <= size[1]):
        raise BadInput(
            "the rectangle does not lie in the picture",
            expected=f"x0 < x1 <= {size[0]}, y0 < y1 <= {size[1]}", actual=box,
            hint="give x0,y0,x1,y1 within the picture, corners in this order",
        )  # fmt: skip
    return _percent(box, size)


def _percent(box: Box, size: tuple[int, int]) -> float:
    return 100 * (box[2] - box[0]) * (box[3] - box[1]) / (size[0] * size[1])


def _parsed(text: str) -> Box:
    try:
        x0, y0, x1, y1 = (int(part) for part in text.split(","))
    except ValueError as error:
        raise BadInput(
            "no rectangle",
            expected="x0,y0,x1,y1 in pixels",
            actual=text,
            hint="give four whole numbers, such as --rectangle 100,90,140,180",
        ) from error
    return x0, y0, x1, y1


def _drawn(image: NDArray[np.uint8]) -> Box:
    try:
        x, y, w, h = cv2.selectROI("the smallest thing to tell of", image)
        cv2.destroyAllWindows()
    except cv2.error as error:
        raise Unavailable(
            "no window to draw the rectangle in", actual=str(error).strip().splitlines()[-1],
            hint="give it: --rectangle x0,y0,x1,y1",
        ) from error  # fmt: skip
    return int(x), int(y), int(x + w), int(y + h)
