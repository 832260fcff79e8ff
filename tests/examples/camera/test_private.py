"""What is stored is for its user and group alone, and no second run costs the first one's."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import cv2
import pytest
import scenes

from examples.camera.__main__ import main
from examples.camera.storage.budget import Folder
from examples.camera.storage.keeper import Keeper

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    folder = tmp_path / "walk"
    folder.mkdir()
    for number, picture in enumerate(scenes.walk(150, scenes.Walker(step=4))):
        cv2.imwrite(str(folder / f"{number:04d}.png"), picture)
    return folder


def run(walk: Path, kept: Path, *more: str) -> None:
    config = walk.parent / "camera.toml"
    config.write_text(
        f'[store]\nfolder = "{kept}"\nsnapshots = true\nclips = true\npre_s = 0.5\npost_s = 0.2\n'
        f'[events]\nlog = "{walk.parent}/events.jsonl"\n'
    )
    words = ["run", "--source", str(walk), "--faces", "off", "--config", str(config)]
    assert main([*words, *more]) == 0


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("open_umask")
def test_no_stranger_reads_what_is_stored(walk: Path, tmp_path: Path) -> None:
    kept = tmp_path / "deep" / "kept"
    run(walk, kept, "--annotate", str(tmp_path / "drawn.mp4"))
    stored = list(kept.iterdir())
    assert {path.suffix for path in stored} == {".jpg", ".mp4"}
    assert {mode(path) for path in stored} == {0o640}
    assert (mode(kept), mode(kept.parent)) == (0o750, 0o750)
    assert mode(tmp_path / "drawn.mp4") == 0o640
    assert mode(tmp_path / "events.jsonl") == 0o640
    out = tmp_path / "replayed.jsonl"
    assert main(["replay", str(walk), "--faces", "off", "--events", str(out)]) == 0
    assert mode(out) == 0o640


@pytest.mark.usefixtures("open_umask")
def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o777)
    Folder(kept, budget_bytes=1)
    assert mode(kept) == 0o777
    assert list(kept.iterdir()) == []


def test_a_second_run_keeps_the_pictures_of_the_first(walk: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    run(walk, kept)
    first = {path.name: path.read_bytes() for path in kept.iterdir()}
    assert len(first) == 2
    run(walk, kept)
    run(walk, kept)
    assert {name: (kept / name).read_bytes() for name in first} == first
    assert len(list(kept.iterdir())) == 6
    assert not [path for path in kept.iterdir() if ".part" in path.name]


def test_a_picture_of_another_program_in_the_same_folder_is_kept(tmp_path: Path) -> None:
    folder = Folder(tmp_path, budget_bytes=1 << 30)
    one, other = (folder.begin("t0000000040-motion-1", ".jpg") for _ in range(2))
    one.path.write_bytes(b"one")
    other.path.write_bytes(b"other")
    one.finish()
    third = folder.begin("t0000000040-motion-1", ".jpg")
    third.path.write_bytes(b"third")
    other.finish()
    third.finish()
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"one", b"other", b"third"]


def test_the_oldest_run_goes_first_whatever_its_names(tmp_path: Path) -> None:
    names = ["t0000009000-motion-7.jpg", "t0000000040-motion-1.jpg",
             "t0000000040-motion-1-2.jpg", "20261128T101500250Z-face-3.jpg"]  # fmt: skip
    for age, name in enumerate(names):
        (tmp_path / name).write_bytes(bytes(1000))
        os.utime(tmp_path / name, (1000 + age, 1000 + age))
    assert Folder(tmp_path, budget_bytes=2000).make_room() == names[:2]


def test_what_a_crash_left_unfinished_counts_and_goes(tmp_path: Path) -> None:
    left = Folder(tmp_path, budget_bytes=1).begin("t0000000040-event-1", ".mp4").path
    left.write_bytes(bytes(5000))
    os.utime(left, (1000, 1000))
    (tmp_path / "t0000000080-event-2.mp4").write_bytes(bytes(100))
    assert Folder(tmp_path, budget_bytes=1000).make_room() == [left.name]


def test_a_name_that_is_taken_for_ever_is_told_and_nothing_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from examples.camera.config.schema import StoreSettings

    keeper = Keeper(StoreSettings(folder=str(tmp_path), snapshots=True), lambda _: "t0000000000")
    monkeypatch.setattr("examples.camera.storage.budget.MOST_NAMES", 3)
    for _ in range(5):
        keeper._store("motion-1", b"jpeg", 0.0)
    assert len(list(tmp_path.iterdir())) == 3
    assert len(keeper.troubles()) == 2
