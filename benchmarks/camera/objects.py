"""Would a scikit-learn model tell objects from leaves better than one number does?

    OMP_NUM_THREADS=1 python -m benchmarks.camera.objects [--out FIGURES.json]

Every region that is large enough, of labelled recordings and of drawn scenes, becomes a row.
Each recording in turn is held out: a model learns from the others and scores its regions. At the
threshold at which a method lets as many true objects through as the rule in use does, those of the
regions that are no object and pass are what it would tell falsely. A model after the rule may lose
one object in a hundred.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.camera.motion import DATA, highway, trees
from benchmarks.camera.object_scenes import drawn
from examples.camera.motion import MotionDetector, MotionSettings
from examples.camera.motion.planes import reduce
from examples.camera.motion.regions import CLOSE, RESTLESS
from examples.camera.scoring import _read_boxes as read_boxes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Truth = NDArray[np.uint8] | None
    """Of the frame's size: 255 object, 0 and 50 none, else unknown; None where nobody labelled."""

FEATURES = ("flicker", "area", "aspect", "fill", "contrast", "edges", "before", "grain")


SIZES = ((160, 120), (320, 240), (640, 480))
EVEN = {"class_weight": "balanced"}


@dataclass
class Rows:
    """Regions of one recording."""

    values: list[list[float]] = field(default_factory=list)
    labels: list[bool] = field(default_factory=list)


def collect(frames: Iterable[tuple[Picture, Truth]], start: int) -> Rows:
    """The labelled regions of a recording, from a frame on."""
    rows, detector = Rows(), MotionDetector(MotionSettings())
    before: NDArray[np.uint8] | None = None
    for number, (frame, truth) in enumerate(frames):
        seen = _Candidates(detector, frame)
        motion = detector.step(frame, number / 25)
        if number >= start and truth is not None and motion.reason is None and before is not None:
            size = (motion.mask.shape[1], motion.mask.shape[0])
            small = cv2.resize(truth, size, interpolation=cv2.INTER_NEAREST)
            for outline in seen.outlines():
                label = _label(outline, small)
                if label is not None:
                    rows.values.append(seen.features(outline, before))
                    rows.labels.append(label)
        before = seen.changed
    return rows


class _Candidates:
    """What is large enough in a frame, before anything is left out as restless."""

    def __init__(self, detector: MotionDetector, frame: Picture) -> None:
        self.now = reduce(frame).luma
        background = detector._background
        self.changed = np.zeros(self.now.shape, np.uint8)
        self.flicker = self.changed
        self.ground = self.now
        if background is not None and background.luma.samples.shape[1:] == self.now.shape:
            raw = background.compare(reduce(frame))
            share = cv2.blur(raw, (5, 5), borderType=cv2.BORDER_REPLICATE)
            self.changed = np.asarray(cv2.compare(share, 127, cv2.CMP_GT), np.uint8)
            self.flicker = background.flicker.copy()
            self.ground = np.median(background.luma.samples, axis=0).astype(np.uint8)

    def outlines(self) -> list[NDArray[np.int32]]:
        side = 2 * max(1, round(self.changed.shape[1] * CLOSE)) + 1
        solid = cv2.morphologyEx(self.changed, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
        found, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        least = MotionSettings().min_area_percent / 100 * self.changed.size
        return [outline for outline in found if cv2.contourArea(outline) >= least]

    def features(self, outline: NDArray[np.int32], before: NDArray[np.uint8]) -> list[float]:
        x, y, w, h = cv2.boundingRect(outline)
        part = np.s_[y : y + h, x : x + w]
        mask = self.changed[part]
        now, ground = self.now[part], self.ground[part]
        edges = cv2.absdiff(now, cv2.blur(now, (5, 5)))
        rough = cv2.absdiff(ground, cv2.blur(ground, (5, 5)))
        area = cv2.contourArea(outline)
        return [
            cv2.mean(self.flicker[part], mask=mask)[0],
            100 * area / self.changed.size,
            float(np.log(h / w)),
            area / (w * h),
            cv2.mean(cv2.absdiff(now, ground), mask=mask)[0],
            cv2.mean(edges, mask=mask)[0],
            cv2.mean(before[part], mask=mask)[0] / 255,
            cv2.mean(rough, mask=mask)[0],
        ]


def _label(outline: NDArray[np.int32], truth: NDArray[np.uint8]) -> bool | None:
    """Whether a quarter of a region is object; None where most of it is unknown."""
    inside = np.zeros(truth.shape, np.uint8)
    cv2.drawContours(inside, [outline], -1, 255, cv2.FILLED)
    values = truth[inside > 0]
    known = (values == 255) | (values == 0) | (values == 50)
    if known.mean() < 0.5:
        return None
    return bool((values[known] == 255).mean() >= 0.25)


def recordings() -> dict[str, Rows]:
    road = ((f, cv2.imread(str(t), 0) if t.exists() else None) for f, t in highway())
    return {
        "highway": collect(road, 100),
        "trees": joined([collect(swaying(size), 26) for size in SIZES]),
        "vtest": collect(walkers(), 10),
        **{f"drawn {seed}": collect(drawn(seed), 30) for seed in range(8)},
    }


def swaying(size: tuple[int, int]) -> Iterable[tuple[Picture, Truth]]:
    """Waving trees before anybody comes."""
    for frame in trees()[:242]:
        large = np.asarray(cv2.resize(frame, size), np.uint8)
        yield large, np.zeros(large.shape[:2], np.uint8)


def walkers() -> Iterable[tuple[Picture, Truth]]:
    boxes = read_boxes(DATA / "vtest" / "pets09_s2l1_gt_keyframes.csv", 0.625)
    capture, number = cv2.VideoCapture(str(DATA / "vtest" / "vtest.avi")), 0
    while (read := capture.read())[0]:
        number += 1
        truth = None
        if number in boxes:
            truth = np.zeros(read[1].shape[:2], np.uint8)
            for x0, y0, x1, y1 in boxes[number]:
                truth[int(y0) : int(y1), int(x0) : int(x1)] = 255
        yield np.asarray(read[1], np.uint8), truth


def joined(parts: list[Rows]) -> Rows:
    return Rows([v for p in parts for v in p.values], [v for p in parts for v in p.labels])


MODELS: dict[str, Callable[[], Any]] = {
    "logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression(**EVEN)),
    "forest": lambda: RandomForestClassifier(100, min_samples_leaf=5, random_state=0, **EVEN),
    "boosting": lambda: HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=8, random_state=0, **EVEN
    ),
}


def scored(found: dict[str, Rows]) -> dict[str, NDArray[np.float64]]:
    """Scores of all regions by method, each recording held out in turn."""
    scores: dict[str, list[NDArray[np.float64]]] = {"flicker alone": [], **{n: [] for n in MODELS}}
    for held, rows in found.items():
        x = np.array([row for name in found if name != held for row in found[name].values])
        y = np.array([label for name in found if name != held for label in found[name].labels])
        mine = np.array(rows.values).reshape(-1, len(FEATURES))
        scores["flicker alone"].append(-mine[:, 0])
        for name, make in MODELS.items():
            scores[name].append(make().fit(x, y).predict_proba(mine)[:, 1])
    return {method: np.concatenate(parts) for method, parts in scores.items()}


def compare(found: dict[str, Rows]) -> dict[str, object]:
    """The rule and the models; scores rise with the likelihood of an object."""
    pooled = scored(found)
    truth = np.concatenate([np.array(rows.labels, bool) for rows in found.values()])
    place = np.concatenate([[held.split()[0]] * len(rows.labels) for held, rows in found.items()])
    rule = pooled["flicker alone"] >= -RESTLESS
    kept = int((rule & truth).sum())
    passes = {name: s >= np.sort(s[truth])[::-1][kept - 1] for name, s in pooled.items()}
    for name in MODELS:
        least = np.quantile(pooled[name][rule & truth], 0.01)
        passes[f"flicker, then {name}"] = rule & (pooled[name] >= least)
    return {
        "regions": {kind: {"objects": int((truth & (place == kind)).sum()),
                           "none": int((~truth & (place == kind)).sum())}
                    for kind in dict.fromkeys(place.tolist())},
        "auc": {name: round(float(roc_auc_score(truth, s)), 4) for name, s in pooled.items()},
        "methods": {name: _told(passed, truth, place) for name, passed in passes.items()},
    }  # fmt: skip


def _told(
    passed: NDArray[np.bool_], truth: NDArray[np.bool_], place: NDArray[np.str_]
) -> dict[str, object]:
    """Objects that pass, and what passes that is none, in all and by recording."""
    wrong = passed & ~truth
    kinds = dict.fromkeys(place.tolist())
    return {
        "objects_kept": int((passed & truth).sum()),
        "none_told": int(wrong.sum()),
        "none_told_in": {kind: int((wrong & (place == kind)).sum()) for kind in kinds},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    figures = compare(recordings())
    print(json.dumps(figures, indent=1))
    if options.out is not None:
        options.out.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
