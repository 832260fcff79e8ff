"""`score` against labels, `tune` from a rectangle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import scenes

from examples.camera.__main__ import main
from examples.camera.config.reading import parse_config

if TYPE_CHECKING:
    from pathlib import Path

WALKER = scenes.Walker(step=3)


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, picture in enumerate(scenes.walk(110, WALKER), 1):
        cv2.imwrite(str(folder / f"in{number:04d}.png"), picture)
    return folder


def labels(folder: Path, *, blank: int = 0) -> Path:
    folder.mkdir()
    for number in range(70, 111):
        truth = np.full((scenes.HEIGHT, scenes.WIDTH), blank, np.uint8)
        box = WALKER.box(number - 1)
        if box is not None:
            truth[box[1] : box[3], box[0] : box[2]] = 255
        cv2.imwrite(str(folder / f"gt{number:04d}.png"), truth)
    return folder


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    return dict(json.loads(capsys.readouterr().out))


def test_masks_are_scored(walk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(walk), "--masks", str(labels(tmp_path / "gt"))]) == 0
    scores = told(capsys)
    assert scores["frames"] == 41
    assert scores["f1"] > 0.93


@pytest.mark.parametrize("unknown", [85, 170])
def test_what_is_not_known_does_not_count(
    unknown: int, walk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(walk), "--masks", str(labels(tmp_path / "gt", blank=unknown))]) == 0
    assert told(capsys)["precision"] == 1.0


def test_boxes_are_scored(walk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["frame,id,x,y,w,h"]
    for number in range(80, 100):
        x0, y0, x1, y1 = WALKER.box(number - 1) or (0, 0, 0, 0)
        rows.append(f"{number},1,{2 * x0},{2 * y0},{2 * (x1 - x0)},{2 * (y1 - y0)}")
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    words = ["--boxes", str(tmp_path / "boxes.csv"), "--scale", "0.5"]
    assert main(["score", str(walk), *words]) == 0
    scores = told(capsys)
    assert (scores["boxes"], scores["covered"]) == (20, 20)
    assert scores["median_share"] > 0.9


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "frame;x;y;w;h\n", "frame,x,y,w,h\n1,one,2,3,4\n"]
)
def test_labels_that_are_none_are_refused(content: str, walk: Path, tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text(content)
    (tmp_path / "empty").mkdir()
    code = main(["score", str(walk), "--boxes", str(tmp_path / "boxes.csv")])
    assert code == (0 if content == "" else 5)
    assert main(["score", str(walk), "--masks", str(tmp_path / "empty")]) == 5
    assert main(["score", str(walk)]) == 5


def test_tuned_thresholds_tell_of_the_walker_and_not_of_less(
    walk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = WALKER.box(90)
    assert box is not None
    assert main(["tune", str(walk), "--rectangle", ",".join(map(str, box))]) == 0
    text = capsys.readouterr().out
    motion = parse_config(text).motion
    share = 100 * 18 * 44 / (scenes.WIDTH * scenes.HEIGHT)
    assert share / 8 < motion.min_area_percent < share / 2
    assert 10 <= motion.threshold <= 20
    (tmp_path / "tuned.toml").write_text(text)
    words = ["--config", str(tmp_path / "tuned.toml"), "--faces", "off"]
    assert main(["replay", str(walk), *words, "--events", str(tmp_path / "log")]) == 0
    assert '"start"' in (tmp_path / "log").read_text()


def test_more_noise_gives_a_higher_threshold(tmp_path: Path) -> None:
    thresholds = []
    for sigma in (1.0, 6.0):
        folder = tmp_path / str(sigma)
        folder.mkdir()
        random, base = np.random.default_rng(0), scenes.room()
        for number in range(40):
            noisy = np.clip(base + random.normal(0, sigma, base.shape), 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / f"{number}.png"), noisy)
        from examples.camera.config import Config
        from examples.camera.tuning import tune

        tuned = tune(folder, (10, 10, 60, 60), Config())
        thresholds.append(tuned.threshold)
    assert thresholds[0] < thresholds[1]


@pytest.mark.parametrize("rectangle", ["1,2,3", "a,b,c,d", "50,50,40,60", "0,0,5000,10"])
def test_a_rectangle_that_is_none_is_refused(rectangle: str, walk: Path) -> None:
    assert main(["tune", str(walk), "--rectangle", rectangle]) == 5


def test_without_a_screen_the_rectangle_has_to_be_given(walk: Path) -> None:
    if not any("GUI" in line and "NONE" in line for line in cv2.getBuildInformation().splitlines()):
        pytest.skip("this OpenCV has windows")
    assert main(["tune", str(walk)]) == 6
