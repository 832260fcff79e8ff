"""Our face detector beside YuNet and Haar: scores on labelled pictures, time for a frame.

    OMP_NUM_THREADS=1 python -m benchmarks.camera.faces [--out docs/faces.json] [--score ours]

One thread; the times of all are medians of CPU time of one run. Haar runs on OpenCV 4 in an
environment of its own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from benchmarks.camera import faces_peers
from benchmarks.camera.faces_scores import score
from benchmarks.camera.faces_sets import (
    TestSet,
    backgrounds,
    cmu_mit,
    dlib_photographs,
    girl,
)
from examples.camera.faces.detector import PUBLIC_KEY, SHIPPED, FaceDetector

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.camera.faces_peers import Found

RATES = (0.02, 0.1)
"""False positives an image at which recall is told."""
FRAME = (640, 480)
TIMED_SMALLEST = 47
REPEATS = 15


def main() -> None:
    """Measure, print a table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="write the figures as JSON, or renew them there")
    parser.add_argument("--every-girl", type=int, default=5, metavar="N", help="every Nth frame")
    parser.add_argument(
        "--score", nargs="+", choices=DETECTORS, default=DETECTORS, help="others keep their scores"
    )
    options = parser.parse_args()
    cv2.setNumThreads(1)
    sets = [dlib_photographs(), dlib_photographs(2), cmu_mit(), girl(every=options.every_girl)]
    kept = options.out and options.out.is_file()
    figures: dict[str, Any] = json.loads(options.out.read_text()) if kept else {}
    for name in options.score:
        print(f"scoring {name}", flush=True)
        figures.setdefault(name, {})["sets"] = scored(_FOUND[name](sets), sets)
    if "ours" in options.score:
        figures["ours"]["backgrounds"] = on_backgrounds()
    print("timing", flush=True)
    for name, ms in times(sets[0].pictures[0].picture).items():
        figures.setdefault(name, {"sets": {}})["frame_ms"] = ms
    print(table(figures))
    if options.out:
        options.out.write_text(json.dumps(figures) + "\n")


def times(picture: np.ndarray) -> dict[str, float]:
    """CPU ms of every detector for the same frame, one after the other."""
    frame = cv2.resize(picture, FRAME)
    network = faces_peers.open_yunet(*FRAME)
    return {
        "ours": frame_ms(our_frame(frame)),
        "yunet": frame_ms(lambda: network.detect(frame)),
        "haar": faces_peers.haar([], frame)[1],
    }


def ours(tests: TestSet) -> list[Found]:
    """The shipped detector's boxes and scores of every picture, with no threshold."""
    detector = FaceDetector.load(
        SHIPPED, trust=SHIPPED / PUBLIC_KEY, smallest=tests.smallest, min_score=0.0
    )
    found = []
    for one in tests.pictures:
        faces = detector.detect(one.picture)
        boxes = np.array([face.box for face in faces]).reshape(-1, 4)
        found.append((boxes, np.array([face.score for face in faces])))
    return found


def our_frame(frame: np.ndarray) -> Callable[[], object]:
    """One whole frame, grey as the loop gives it, at the shipped threshold."""
    detector = FaceDetector.load(SHIPPED, trust=SHIPPED / PUBLIC_KEY, smallest=TIMED_SMALLEST)
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    return lambda: detector.detect(grey)


def frame_ms(run: Callable[[], object]) -> float:
    """Median CPU milliseconds."""
    spent = []
    for _ in range(REPEATS):
        start = time.process_time()
        run()
        spent.append(time.process_time() - start)
    return statistics.median(spent) * 1e3


def on_backgrounds() -> dict[str, float]:
    """False positives an image at the shipped threshold."""
    tests = backgrounds()
    detector = FaceDetector.load(SHIPPED, trust=SHIPPED / PUBLIC_KEY, smallest=tests.smallest)
    wrong = sum(len(detector.detect(one.picture)) for one in tests.pictures)
    return {
        "images": len(tests.pictures),
        "false_positives_an_image": wrong / len(tests.pictures),
        "threshold": detector.min_score,
    }


def scored(found: list[list[Found]], sets: list[TestSet]) -> dict[str, Any]:
    """Scores on every set, by its name."""
    return {
        tests.name: asdict(score(boxes, [one.boxes for one in tests.pictures], RATES))
        for tests, boxes in zip(sets, found, strict=True)
    }


_FOUND: dict[str, Callable[[list[TestSet]], list[list[Found]]]] = {
    "ours": lambda sets: [ours(one) for one in sets],
    "yunet": lambda sets: [faces_peers.yunet(one) for one in sets],
    "haar": lambda sets: faces_peers.haar(sets, np.zeros((64, 64), np.uint8))[0],
}
DETECTORS = tuple(_FOUND)


def table(figures: dict[str, Any]) -> str:
    """The figures as a Markdown table."""
    names = [name for name in DETECTORS if figures.get(name, {}).get("sets")]
    lines = ["| | " + " | ".join(names) + " |", "| --- " * (len(names) + 1) + "|"]
    for tests in figures["ours"]["sets"]:
        cells = [f"{figures[name]['sets'][tests]['ap']:.3f}" for name in names]
        lines.append(f"| {tests}, AP | " + " | ".join(cells) + " |")
        for rate in RATES:
            cells = [
                f"{figures[name]['sets'][tests]['recall_at'][str(rate)]:.3f}" for name in names
            ]
            lines.append(f"| recall at {rate} false positives an image | {' | '.join(cells)} |")
    cells = [f"{figures[name]['frame_ms']:.1f}" for name in names]
    lines.append(f"| CPU ms a frame of {FRAME[0]}x{FRAME[1]}, one thread | {' | '.join(cells)} |")
    silent = figures["ours"]["backgrounds"]
    lines.append(
        f"| false positives on {silent['images']} backgrounds at {silent['threshold']:.2f} "
        f"| {silent['false_positives_an_image']:.3f} |" + " |" * (len(names) - 1)
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
