"""No output replaces a recording, a picture, or any file that is there."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import scenes

from examples.camera.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    folder = tmp_path / "walk"
    folder.mkdir()
    for number, picture in enumerate(scenes.walk(5, scenes.Walker(step=3))):
        cv2.imwrite(str(folder / f"{number:04d}.png"), picture)
    return folder


@pytest.fixture
def video(walk: Path) -> Path:
    path = walk.parent / "v.avi"
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), code, 25, (scenes.WIDTH, scenes.HEIGHT))
    for name in sorted(walk.iterdir()):
        picture = cv2.imread(str(name))
        assert picture is not None
        writer.write(picture)
    writer.release()
    return path


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (["replay"], "--events"),
        (["replay"], "--annotate"),
        (["run", "--source"], "--annotate"),
    ],
)
def test_the_recording_is_kept(
    command: list[str], option: str, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = video.read_bytes()
    assert main([*command, str(video), "--faces", "off", option, str(video)]) == 5
    assert video.read_bytes() == before
    assert f"name another file for {option}" in capsys.readouterr().err


def test_a_picture_is_kept_and_nothing_else_is_begun(walk: Path, tmp_path: Path) -> None:
    picture = walk / "0000.png"
    before = picture.read_bytes()
    words = ["replay", str(walk), "--faces", "off"]
    assert main([*words, "--events", str(picture)]) == 5
    assert main([*words, "--events", str(tmp_path / "new"), "--annotate", str(picture)]) == 5
    assert picture.read_bytes() == before
    assert not (tmp_path / "new").exists()


def test_one_file_for_two_outputs_is_refused(walk: Path, tmp_path: Path) -> None:
    new = str(tmp_path / "new.mp4")
    words = ["replay", str(walk), "--faces", "off"]
    assert main([*words, "--events", new, "--annotate", new]) == 5
    assert not (tmp_path / "new.mp4").exists()


def test_a_replay_that_could_not_begin_leaves_no_file(tmp_path: Path) -> None:
    assert main(["replay", str(tmp_path / "no"), "--events", str(tmp_path / "new")]) == 5
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_written_to(walk: Path) -> None:
    assert main(["replay", str(walk), "--faces", "off", "--events", "/dev/null"]) == 0


@pytest.mark.parametrize("which", ["v.avi", "walk/0000.png", "notes"])
def test_what_is_no_log_is_not_appended_to(
    which: str, video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").write_text("mine")
    before = (tmp_path / which).read_bytes()
    config = tmp_path / "camera.toml"
    config.write_text(f'[events]\nlog = "{tmp_path / which}"\n[faces]\ndetector = "off"\n')
    assert main(["run", "--source", str(video), "--config", str(config)]) == 5
    assert (tmp_path / which).read_bytes() == before
    assert "name another file as log" in capsys.readouterr().err


def test_a_full_disk_ends_a_replay_with_words(
    walk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(walk), "--faces", "off", "--events", "/dev/full"]) == 5
    assert "BadInput: cannot write the events" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["replay"], ["run", "--source"]])
def test_a_disk_that_fills_ends_the_drawing_with_words_and_a_video_that_plays(
    command: list[str], walk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    drawn, free = tmp_path / "drawn.mp4", iter([1 << 30] * 3 + [1 << 20] * 3)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=next(free)))
    assert main([*command, str(walk), "--faces", "off", "--annotate", str(drawn)]) == 5
    assert "the disk is full" in capsys.readouterr().err
    assert cv2.VideoCapture(str(drawn)).get(cv2.CAP_PROP_FRAME_COUNT) == 3


@pytest.mark.parametrize("option", ["--events", "--annotate"])
def test_a_link_to_nothing_is_not_followed(option: str, walk: Path, tmp_path: Path) -> None:
    (tmp_path / "link.mp4").symlink_to(tmp_path / "else.mp4")
    words = ["replay", str(walk), "--faces", "off", option, str(tmp_path / "link.mp4")]
    assert main(words) == 5
    assert not (tmp_path / "else.mp4").exists()


def test_a_kind_of_video_that_cannot_be_written_leaves_no_file(walk: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "drawn.xyz"
    assert main(["replay", str(walk), "--faces", "off", "--annotate", str(drawn)]) == 5
    assert not drawn.exists()


@pytest.mark.parametrize("command", [["replay"], ["run", "--source"]])
def test_what_is_drawn_plays_as_fast_as_the_recording(
    command: list[str], walk: Path, tmp_path: Path
) -> None:
    slow, drawn = tmp_path / "slow.avi", tmp_path / "drawn.mp4"
    size = (scenes.WIDTH, scenes.HEIGHT)
    writer = cv2.VideoWriter(str(slow), cv2.VideoWriter.fourcc(*"MJPG"), 10, size)
    for name in sorted(walk.iterdir()):
        writer.write(np.asarray(cv2.imread(str(name))))
    writer.release()
    assert main([*command, str(slow), "--faces", "off", "--annotate", str(drawn)]) == 0
    assert cv2.VideoCapture(str(drawn)).get(cv2.CAP_PROP_FPS) == 10


def test_a_log_is_appended_to(walk: Path, tmp_path: Path) -> None:
    log, config = tmp_path / "log", tmp_path / "camera.toml"
    log.touch()
    config.write_text(f'[events]\nlog = "{log}"\n[faces]\ndetector = "off"\n')
    words = ["run", "--source", str(walk), "--config", str(config)]
    assert main(words) == main(words) == 0
    assert log.read_text("utf-8").count('"stop"') == 2
