"""Pictures: only when asked, seconds before and after, faces blurred, never more than may be."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import scenes

from edge_infer import BadInput
from examples.camera.config.reading import parse_config
from examples.camera.config.schema import StoreSettings
from examples.camera.sources.frames import Frame
from examples.camera.storage.blur import blurred
from examples.camera.storage.budget import Folder
from examples.camera.storage.keeper import Keeper
from examples.camera.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FPS = 25.0


@dataclass(frozen=True)
class Face:
    box: tuple[float, float, float, float]
    score: float = 1.0


@dataclass
class FaceOnWalker:
    """Finds the head of the walker, from a frame on."""

    walker: scenes.Walker
    since: int = 0
    numbers: Iterator[int] = field(default_factory=count)

    def detect(self, frame: np.ndarray, regions: Sequence[object] | None = None) -> list[Face]:
        number = next(self.numbers)
        box = self.walker.box(number)
        if box is None or number < self.since:
            return []
        return [Face((box[0], box[1], box[2], box[1] + 16))]


def keep(folder: Path, text: str, frames: int = 180, since: int = 0) -> list[str]:
    """Run a walker through a watch and a keeper; return the troubles."""
    config = parse_config(
        f'[store]\nfolder = "{folder}"\n{text}\n'
        "[faces]\nmoving_every_frames = 1\nevery_frames = 1\n"
    )
    walker = scenes.Walker(start=60, step=4)
    watch = Watch(config, FaceOnWalker(walker, since))
    kept = Keeper(config.store, lambda time_s: f"t{round(time_s * 1000):010d}")
    for number, picture in enumerate(scenes.walk(frames, walker)):
        kept.step(watch.step(Frame(picture, number / FPS, number)))
    kept.close()
    return kept.troubles()


def read(path: Path) -> list[np.ndarray]:
    capture, frames = cv2.VideoCapture(str(path)), []
    while (got := capture.read())[0]:
        frames.append(got[1])
    return frames


def test_a_clip_has_its_seconds_before_and_after(tmp_path: Path) -> None:
    assert keep(tmp_path, "clips = true\npre_s = 1.0\npost_s = 0.6") == []
    (clip,) = tmp_path.iterdir()
    frames = read(clip)
    walker = scenes.Walker(start=60, step=4)
    shown = [n for n in range(180) if walker.box(n) is not None]
    # Confirmed after 0.2 s: the first second before that is in it, and 0.6 s after the last.
    assert len(frames) == pytest.approx(25 + len(shown) - 5 + 15, abs=10)
    early = np.abs(frames[2].astype(int) - scenes.room()).mean()
    assert early < 12, "it begins before the walker came"


def test_a_snapshot_shows_the_start(tmp_path: Path) -> None:
    assert keep(tmp_path, "snapshots = true") == []
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names[0].endswith("-motion-1.jpg")
    assert cv2.imread(str(tmp_path / names[0])).shape == (scenes.HEIGHT, scenes.WIDTH, 3)


def contrast(image: np.ndarray, box: tuple[int, int, int, int]) -> float:
    """Of the grain that only the walker has."""
    x0, y0, x1, _ = box
    part = image[y0 + 1 : y0 + 15, x0 + 1 : x1 - 1].astype(float)
    return float(np.abs(part - cv2.GaussianBlur(part, (9, 9), 0)).mean())


@pytest.mark.parametrize("since", [0, 70])
def test_faces_are_blurred_in_clips_even_where_they_were_found_late(
    since: int, tmp_path: Path
) -> None:
    clear, blur = tmp_path / "clear", tmp_path / "blur"
    keep(clear, "clips = true\npre_s = 1.0\npost_s = 0.6", since=since)
    keep(blur, "clips = true\npre_s = 1.0\npost_s = 0.6\nblur_faces = true", since=since)
    plain, hidden = read(next(clear.iterdir())), read(next(blur.iterdir()))
    assert abs(len(plain) - len(hidden)) <= 2
    walker, seen = scenes.Walker(start=60, step=4), 0
    first = round(float(next(clear.iterdir()).name[1:11]) / 40) - 25
    for n, (one, other) in enumerate(zip(plain, hidden, strict=False)):
        box = walker.box(first + n + 1)
        if box is not None and box[2] - box[0] == 18:
            seen += 1
            assert contrast(other, box) < 0.5 * contrast(one, box)
    assert seen > 20


def test_blur_leaves_nothing_of_a_face_and_the_rest_alone() -> None:
    picture = scenes.room()
    done = blurred(picture, [(60, 40, 90, 70), (-20, -20, 5, 5), (150, 110, 190, 150)])
    assert np.array_equal(done[:, 20:45], picture[:, 20:45])
    grain = done[40:70, 60:90].astype(float)
    assert np.abs(grain - cv2.GaussianBlur(grain, (9, 9), 0)).mean() < 2
    assert np.array_equal(picture, scenes.room()), "the frame itself is not touched"


def test_memory_for_the_time_before_is_bounded() -> None:
    from examples.camera.storage.recent import Recent

    watch = Watch(parse_config(""), None)
    recent = Recent(seconds=60, most_bytes=100_000)
    for number, picture in enumerate(scenes.still(60)):
        recent.add(watch.step(Frame(picture, number / FPS, number)))
        assert recent.bytes <= 100_000
    assert len(recent.between(-1, 99)) > 3


def test_the_oldest_go_and_nothing_that_is_not_ours(tmp_path: Path) -> None:
    for n in range(10):
        (tmp_path / f"t{n:010d}-motion-{n}.jpg").write_bytes(bytes(1000))
    (tmp_path / "holiday.jpg").write_bytes(bytes(50_000))
    removed = Folder(tmp_path, budget_bytes=4500).make_room()
    assert removed == [f"t{n:010d}-motion-{n}.jpg" for n in range(6)]
    assert (tmp_path / "holiday.jpg").exists()


def test_a_budget_holds_over_many_events(tmp_path: Path) -> None:
    settings = StoreSettings(folder=str(tmp_path), snapshots=True, budget_mb=1.0)
    kept = Keeper(settings, lambda time_s: f"t{round(time_s * 1000):010d}")
    kept._folder._budget = 40_000
    watch = Watch(parse_config(""), None)
    from examples.camera.events.event import Event
    from examples.camera.watch import Seen

    for number, picture in enumerate(scenes.still(30)):
        seen = watch.step(Frame(picture, number / FPS, number))
        start = Event("start", number, number / FPS, "motion", number)
        kept.step(Seen(seen.frame, seen.motion, (), (), (start,)))
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 40_000
    assert list(tmp_path.iterdir())


def test_a_full_disk_costs_the_picture_and_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, _content: bytes) -> int:
        if ".part" in self.name:
            raise OSError(28, "No space left on device")
        return os.stat_result  # type: ignore[return-value]

    usage = type("Usage", (), {"free": 0})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    folder = tmp_path / "kept"
    folder.mkdir()
    monkeypatch.setattr(Path, "write_bytes", full)
    told = keep(folder, "snapshots = true\nclips = true")
    assert any("snapshot was not kept" in one and "No space" in one for one in told)
    assert any("clip was not kept: the disk is full" in one for one in told)
    assert not list(folder.glob("*.jpg"))


def test_a_folder_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match="cannot keep pictures"):
        Folder(tmp_path / "file", budget_bytes=1)
    with pytest.raises(BadInput, match="cannot keep pictures"):
        Folder(Path("/proc/kept"), budget_bytes=1)


def test_what_only_looks_like_a_picture_of_ours_does_not_stop_the_budget(tmp_path: Path) -> None:
    (tmp_path / "t0000000001-motion-1.jpg").symlink_to(tmp_path / "nothing")
    (tmp_path / "t0000000002-motion-1.jpg").mkdir()
    for number in (3, 4):
        (tmp_path / f"t000000000{number}-motion-1.jpg").write_bytes(bytes(800))
    assert Folder(tmp_path, budget_bytes=1000).make_room() == ["t0000000003-motion-1.jpg"]


def test_frames_that_do_not_fit_in_memory_are_told_of(tmp_path: Path) -> None:
    walker = scenes.Walker(start=60, step=4)
    watch = Watch(parse_config(""), FaceOnWalker(walker, 0))
    few = StoreSettings(folder=str(tmp_path), clips=True, blur_faces=True, memory_mb=0.1)
    kept = Keeper(few, lambda time_s: f"t{round(time_s * 1000):010d}")
    for number, picture in enumerate(scenes.walk(180, walker)):
        kept.step(watch.step(Frame(picture, number / FPS, number)))
    kept.close()
    (told,) = kept.troubles()
    assert "frames: store.memory_mb is too small" in told
