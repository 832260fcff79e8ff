"""Motion detection beside OpenCV's MOG2 and KNN and Debian's `motion` daemon.

    OMP_NUM_THREADS=1 python -m benchmarks.camera.motion [--out FIGURES.json]

One run, one thread, medians of CPU time, on the labelled recordings that EDGE_INFER_DATA names.
Every method has one set of parameters for all recordings.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from examples.camera.motion import MotionDetector, MotionSettings
from examples.camera.scoring import Counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Masker = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("EDGE_INFER_DATA", ROOT.parent / "shared" / "data")) / "camera"


def ours() -> Masker:
    detector, clock = MotionDetector(MotionSettings()), iter(range(1 << 30))
    return lambda frame: detector.step(frame, next(clock) / 25).full_mask()


def opencv(make: Callable[[], cv2.BackgroundSubtractor], close: int = 0) -> Callable[[], Masker]:
    """Shadows dropped, a 5 by 5 median, as the plain recipes have it; then a closing."""

    def masker() -> Masker:
        subtractor = make()
        kernel = np.ones((close, close), np.uint8)

        def mask(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
            found = cv2.threshold(subtractor.apply(frame), 200, 255, cv2.THRESH_BINARY)[1]
            found = cv2.medianBlur(found, 5)
            return cv2.morphologyEx(found, cv2.MORPH_CLOSE, kernel) if close else found

        return mask

    return masker


METHODS: dict[str, Callable[[], Masker]] = {
    "ours": ours,
    "MOG2": opencv(cv2.createBackgroundSubtractorMOG2),
    "KNN": opencv(cv2.createBackgroundSubtractorKNN),
    "KNN, closing 7": opencv(cv2.createBackgroundSubtractorKNN, 7),
}


def highway() -> Iterator[tuple[NDArray[np.uint8], Path]]:
    folder = DATA / "cdnet_highway"
    for n in range(1, 1001):
        yield (
            cv2.imread(str(folder / "input" / f"in{n:06d}.jpg")),
            folder / "groundtruth" / f"gt{n:06d}.png",
        )


def trees() -> list[NDArray[np.uint8]]:
    folder = DATA / "wallflower_wavingtrees"
    return [cv2.imread(str(folder / f"b{n:05d}.png")) for n in range(287)]


def measure(make: Callable[[], Masker]) -> dict[str, float]:
    masker, counts = make(), Counts()
    for frame, truth in highway():
        mask = masker(frame)
        if truth.exists():
            counts.add(mask, cv2.imread(str(truth), 0))
    masker, sway, person = make(), 0, Counts()
    for number, frame in enumerate(trees()):
        mask = masker(frame)
        sway += 50 <= number < 242 and cv2.countNonZero(mask) > 0.01 * mask.size
        if number == 247:
            label = DATA / "wallflower_wavingtrees" / "hand_segmented_00247.png"
            person.add(mask, cv2.imread(str(label), 0))
    scores = counts.scores()
    return {
        "highway_f1": scores["f1"],
        "highway_precision": scores["precision"],
        "highway_recall": scores["recall"],
        "trees_247_f1": person.scores()["f1"],
        "tree_frames_over_1_percent": sway,
        "light_frames_over_1_percent": light(make),
    }


def light(make: Callable[[], Masker]) -> int:
    """Frames over 1 % after a gain of 1.3 at frame 100 over the waving trees, of 142."""
    masker, over = make(), 0
    for number, frame in enumerate(trees()[:242]):
        lit = cv2.convertScaleAbs(frame, alpha=1.3) if number >= 100 else frame
        mask = masker(lit)
        over += number >= 100 and cv2.countNonZero(mask) > 0.01 * mask.size
    return over


def costs(turn: int) -> dict[str, float]:
    """Median CPU ms of a 640 by 480 frame.

    The methods take turns on the same frames, `turn` frames each. With one frame a turn, each
    finds the caches full of the others' memory; with twenty it has them as in a program of its own.
    """
    frames = [cv2.resize(frame, (640, 480)) for frame, _ in list(highway())[300:420]]
    detector, clock = MotionDetector(MotionSettings()), iter(range(1 << 30))
    steps: dict[str, Callable[[NDArray[np.uint8]], object]] = {
        name: make() for name, make in METHODS.items()
    }
    steps["ours"] = lambda frame: detector.step(frame, next(clock) / 25)
    times: dict[str, list[float]] = {name: [] for name in METHODS}
    for start in range(0, len(frames), turn):
        for name, step in steps.items():
            for frame in frames[start : start + turn]:
                began = time.thread_time()
                step(frame)
                times[name].append(time.thread_time() - began)
    return {name: round(1e3 * statistics.median(values[20:]), 2) for name, values in times.items()}


MOTION_CONF = """\
daemon off
log_level 4
log_file {folder}/log
width 320
height 240
framerate 25
netcam_url file://{folder}/trees.avi
picture_output off
movie_output off
webcontrol_port 0
stream_port 0
event_gap 2
on_event_start echo start >> {folder}/told
on_motion_detected echo motion >> {folder}/told
target_dir {folder}
"""


def motion_daemon() -> dict[str, object]:
    """What Debian's daemon tells, with its defaults, of 242 frames in which only a tree moves."""
    program = shutil.which("motion")
    if program is None:
        return {"skipped": "motion is not installed (packages.debian)"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = (320, 240)
        code = cv2.VideoWriter.fourcc(*"MJPG")
        writer = cv2.VideoWriter(str(folder / "trees.avi"), code, 25, size)
        for frame in trees()[:242]:
            writer.write(cv2.resize(frame, size))
        writer.release()
        (folder / "conf").write_text(MOTION_CONF.format(folder=folder))
        with subprocess.Popen(
            [program, "-c", str(folder / "conf")], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            time.sleep(14)
            process.terminate()
        told = folder / "told"
        lines = told.read_text().split() if told.exists() else []
    return {"events": lines.count("start"), "frames_with_motion": lines.count("motion")}


def our_events() -> dict[str, object]:
    """The same of ours."""
    from examples.camera.config.reading import parse_config
    from examples.camera.sources.frames import Frame
    from examples.camera.watch import Watch

    watch, starts = Watch(parse_config(""), None), 0
    for number, frame in enumerate(trees()[:242]):
        seen = watch.step(Frame(cv2.resize(frame, (320, 240)), number / 25, number))
        starts += sum(event.what == "start" for event in seen.events)
    return {"events": starts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if not DATA.is_dir():
        raise SystemExit(f"no recordings in {DATA}: EDGE_INFER_DATA names the folder that has them")
    cv2.setNumThreads(1)
    spent, cold = costs(20), costs(1)
    table = {
        name: measure(make) | {"ms": spent[name], "ms_cold": cold[name]}
        for name, make in METHODS.items()
    }
    for name, row in table.items():
        print(f"{name:<16}", *(f"{key}={value}" for key, value in row.items()), flush=True)
    events = {"ours": our_events(), "motion": motion_daemon()}
    print("242 frames in which only a tree moves:", events)
    figures = {"opencv": cv2.__version__, "methods": table, "tree_events": events}
    if options.out is not None:
        options.out.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
