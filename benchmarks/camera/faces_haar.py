"""Run by OpenCV 4: Haar's faces of picture files. JSON in, JSON out; nothing else is imported."""

from __future__ import annotations

import json
import statistics
import sys
import time

import cv2

SCALE, NEIGHBOURS = 1.1, 3
TIMED_SMALLEST, REPEATS = 47, 9


def main() -> None:
    """Answer {"sets": [[[boxes, scores], …], …], "ms": …}."""
    cv2.setNumThreads(1)
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_alt2.xml")
    asked = json.load(sys.stdin)
    sets = [
        [_faces(cascade, file, tests["smallest"]) for file in tests["files"]]
        for tests in asked["sets"]
    ]
    frame = cv2.imread(asked["timed"], cv2.IMREAD_GRAYSCALE)
    smallest = (TIMED_SMALLEST, TIMED_SMALLEST)
    spent = []
    for _ in range(REPEATS):
        start = time.process_time()
        cascade.detectMultiScale(frame, SCALE, NEIGHBOURS, minSize=smallest)
        spent.append(time.process_time() - start)
    json.dump({"sets": sets, "ms": statistics.median(spent) * 1e3}, sys.stdout)


def _faces(cascade: cv2.CascadeClassifier, file: str, smallest: int) -> list[list[object]]:
    """Boxes as x0, y0, x1, y1 and their scores; its boxes are tighter than a head, so 0.7 of it."""
    side = round(0.7 * smallest)
    boxes, _, weights = cascade.detectMultiScale3(
        cv2.imread(file, cv2.IMREAD_GRAYSCALE),
        SCALE,
        1,
        minSize=(side, side),
        outputRejectLevels=True,
    )
    corners = [[int(x), int(y), int(x + w), int(y + h)] for x, y, w, h in boxes]
    return [corners, [float(weight) for weight in weights]]


if __name__ == "__main__":
    main()
