"""`motion FRAMES_DIR --masks OUT_DIR`: one mask a picture, 255 where something moves."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from edge_infer import BadInput, EdgeInferError
from examples.camera.config.checks import BOUNDS
from examples.camera.motion import MotionDetector, MotionSettings
from examples.camera.sources.folder import Folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def main(argv: list[str]) -> int:
    """Write the masks; return the exit code."""
    parser = argparse.ArgumentParser("python -m examples.camera motion", description=__doc__)
    parser.add_argument("frames", type=Path, metavar="FRAMES_DIR", help="pictures, one a frame")
    parser.add_argument("--masks", type=Path, required=True, metavar="OUT_DIR")
    parser.add_argument("--fps", type=float, default=25.0, help="pictures a second; default 25")
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    try:
        return write_masks(options.frames, options.masks, fps=options.fps)
    except EdgeInferError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code


def write_masks(frames: Path, out: Path, *, fps: float = 25.0) -> int:
    """A PNG named by each picture's stem; 0, or the exit code of BadInput if one was unreadable.

    Raises:
        BadInput: no pictures, two with one stem, a mask that is there already, or a folder that
            cannot be written.
    """
    least, most = BOUNDS["source.fps"]
    if not least <= fps <= most:
        raise BadInput(
            "no rate of frames",
            expected=f"{least} to {most}",
            actual=fps,
            hint="give --fps as the camera had it",
        )
    source = Folder(frames, fps=fps)
    stems = {path.stem for path in source.files}
    if len(stems) != len(source.files):
        raise BadInput(
            "two pictures have one stem",
            expected="a stem for each",
            actual=str(frames),
            hint="rename one: their masks would have one name",
        )
    _refuse_existing(out, stems)
    detector = MotionDetector(MotionSettings())
    moving = 0
    for frame in source.frames():
        motion = detector.step(frame.image, frame.time_s)
        moving += motion.changed > 0
        _write(out / f"{frame.name}.png", motion.full_mask())
    unread = source.troubles()
    for trouble in unread:
        print(trouble, file=sys.stderr)
    written = len(source.files) - len(unread)
    print(f"{written} masks written to {out}, something moves in {moving}", file=sys.stderr)
    return BadInput.exit_code if unread else 0


def _refuse_existing(out: Path, stems: set[str]) -> None:
    """Nothing is overwritten: the folder may hold the pictures themselves, or labels."""
    there = sorted(name for name in (f"{stem}.png" for stem in stems) if (out / name).exists())
    if there:
        raise BadInput(
            f"{len(there)} masks exist already",
            expected="a folder without them",
            actual=str(out / there[0]),
            hint="name another folder for --masks, or remove them first",
        )


def _write(path: Path, mask: NDArray[np.uint8]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", mask)[1].tobytes())
    except OSError as error:
        raise BadInput(
            "cannot write a mask",
            expected=str(path),
            actual=error,
            hint="choose another folder for --masks, and look whether the disk is full",
        ) from error
