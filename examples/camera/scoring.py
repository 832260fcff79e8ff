"""`score RECORDING`: what is found, compared with labelled masks or boxes."""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_infer import BadInput, EdgeInferError
from examples.camera.config import read_config
from examples.camera.motion import MotionDetector
from examples.camera.options import add_options, configured
from examples.camera.sources.images import SUFFIXES, read_image
from examples.camera.sources.opening import open_recording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from examples.camera.config import Config
    from examples.camera.motion import Motion
    from examples.camera.sources.frames import Frame

    Box = tuple[int, int, int, int]


def main(argv: list[str]) -> int:
    """Print the scores as JSON; return the exit code."""
    parser = argparse.ArgumentParser("python -m examples.camera score", description=__doc__)
    parser.add_argument("recording", type=Path, help="a video or a folder of pictures")
    parser.add_argument(
        "--masks", type=Path, metavar="DIR",
        help="labels as changedetection.net has them, by the number in the name: 255 moves, 0 and"
        " 50 do not, the rest is left out",
    )  # fmt: skip
    parser.add_argument(
        "--boxes", type=Path, metavar="FILE.csv", help="columns frame, x, y, w, h; frames from 1"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="of the boxes; default 1")
    add_options(parser)
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    try:
        config = configured(read_config(options.config), options)
        if (options.masks is None) == (options.boxes is None):
            raise BadInput(
                "nothing to compare with",
                expected="--masks DIR or --boxes FILE.csv",
                hint="give one of the two",
            )
        if options.masks is not None:
            told = score_masks(options.recording, options.masks, config)
        else:
            told = score_boxes(options.recording, options.boxes, options.scale, config)
    except EdgeInferError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps(told))
    return 0


@dataclass
class Counts:
    """Pixels that were rightly, wrongly and not found."""

    hits: int = 0
    false: int = 0
    misses: int = 0

    def add(self, mask: NDArray[np.uint8], truth: NDArray[np.uint8]) -> None:
        """Count a mask (h, w) against labels of its size."""
        moves, rests, got = truth == 255, (truth == 0) | (truth == 50), mask > 0
        self.hits += int(np.count_nonzero(got & moves))
        self.false += int(np.count_nonzero(got & rests))
        self.misses += int(np.count_nonzero(~got & moves))

    def scores(self) -> dict[str, float]:
        """Precision, recall and their harmonic mean."""
        precision = self.hits / max(1, self.hits + self.false)
        recall = self.hits / max(1, self.hits + self.misses)
        f1 = 2 * self.hits / max(1, 2 * self.hits + self.false + self.misses)
        return {"f1": round(f1, 4), "precision": round(precision, 4), "recall": round(recall, 4)}


def score_masks(recording: Path, labels: Path, config: Config) -> dict[str, float]:
    """Scores over all frames that have labels. Raises BadInput."""
    truths = {_number(p.stem): p for p in labels.glob("*") if p.suffix.lower() in SUFFIXES}
    if not truths:
        raise BadInput(
            "no labels",
            expected="masks named by the number of the frame",
            actual=labels,
            hint="name the folder whose masks end in the frames' numbers",
        )
    counts, frames = Counts(), 0
    for frame, motion in _motions(recording, config):
        path = truths.get(_number(frame.name) if frame.name else frame.number + 1)
        if path is None:
            continue
        truth, mask = read_image(path), motion.full_mask()
        truth = truth if truth.ndim == 2 else truth[:, :, 0]
        if truth.shape != mask.shape:
            raise BadInput(
                "labels of another size",
                expected=mask.shape,
                actual=truth.shape,
                hint="scale the masks to the frames, without smoothing",
            )
        counts.add(mask, truth)
        frames += 1
    return {"frames": frames, **counts.scores()}


def score_boxes(recording: Path, labels: Path, scale: float, config: Config) -> dict[str, float]:
    """How much of each labelled box is covered by what moves. Raises BadInput."""
    truths, shares = _read_boxes(labels, scale), []
    for frame, motion in _motions(recording, config):
        if frame.number + 1 not in truths or motion.reason is not None:
            continue
        mask = motion.full_mask()
        for x0, y0, x1, y1 in truths[frame.number + 1]:
            part = mask[max(0, y0) : y1, max(0, x0) : x1]
            if part.size:
                shares.append(float(np.count_nonzero(part)) / part.size)
    touched = sum(share > 0.1 for share in shares)
    middle = float(np.median(shares)) if shares else 0.0
    return {"boxes": len(shares), "covered": touched, "median_share": round(middle, 4)}


def _motions(recording: Path, config: Config) -> Iterator[tuple[Frame, Motion]]:
    detector = MotionDetector(config.motion)
    source = open_recording(recording, fps=config.source.fps)
    for frame in source.frames():
        yield frame, detector.step(frame.image, frame.time_s)
    source.close()


def _number(stem: str) -> int:
    digits = re.findall(r"\d+", stem)
    return int(digits[-1]) if digits else -1


def _read_boxes(path: Path, scale: float) -> dict[int, list[Box]]:
    found: dict[int, list[Box]] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            header = reader.fieldnames
            if header is not None and not {"frame", "x", "y", "w", "h"}.issubset(header):
                raise ValueError(f"the columns {', '.join(header)}")
            for row in reader:
                x, y, w, h = (scale * float(row[key]) for key in ("x", "y", "w", "h"))
                found.setdefault(int(row["frame"]), []).append(
                    (round(x), round(y), round(x + w), round(y + h))
                )
    except (OSError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise BadInput(
            "no boxes",
            expected="a CSV file with the columns frame, x, y, w, h",
            actual=error,
            hint="check the path and the first line",
        ) from error
    return found
