"""`replay`: every run of a recording gives the same bytes, and every start has its end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
import scenes

from examples.camera.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[3]


def write(folder: Path, pictures: Iterable[np.ndarray]) -> Path:
    folder.mkdir()
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{number:04d}.png"), picture)
    return folder


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    walker = scenes.Walker(step=3)
    return write(tmp_path_factory.mktemp("walk") / "frames", scenes.walk(150, walker))


def events(folder: Path, out: Path, *options: str) -> list[dict[str, Any]]:
    out.unlink(missing_ok=True)
    words = ["replay", str(folder), "--events", str(out), "--faces", "off", *options]
    assert main(words) == 0
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def test_a_walker_is_one_event_with_a_start_updates_and_an_end(walk: Path, tmp_path: Path) -> None:
    told = events(walk, tmp_path / "a.jsonl")
    motion = [e for e in told if e.get("kind") == "motion"]
    assert next(e["event"] for e in motion) == "start"
    assert [e["event"] for e in motion][-1] == "end"
    assert {e["event"] for e in motion[1:-1]} == {"update"}
    assert len({e["id"] for e in motion}) == 1
    start = motion[0]
    assert 64 <= start["frame"] <= 70
    want = scenes.Walker(step=3).box(start["frame"])
    assert want is not None
    assert np.abs(np.array(start["box"]) - want).max() <= 6
    assert start["time"] == pytest.approx(start["frame"] / 25, abs=1e-3)
    assert told[-1] == {"event": "stop", "frame": 149, "time": 5.96}


def test_every_run_writes_the_same_bytes(walk: Path, tmp_path: Path) -> None:
    outs = []
    for n, seed in enumerate(("0", "1")):
        out = tmp_path / f"{n}.jsonl"
        subprocess.run(
            [sys.executable, "-m", "examples.camera", "replay", str(walk), "--events", str(out)],
            cwd=ROOT, check=True, env={"PYTHONHASHSEED": seed, "PATH": ""},
        )  # fmt: skip
        outs.append(out.read_bytes())
    assert outs[0] == outs[1]
    assert b'"start"' in outs[0]


def test_a_frame_that_was_held_back_has_its_reason(tmp_path: Path) -> None:
    walker = scenes.Walker(start=20, step=1.2)
    lit = scenes.lit(scenes.walk(110, walker), lambda p: p * 0.5, at=90)
    told = events(write(tmp_path / "f", lit), tmp_path / "a.jsonl")
    reasons = {e["reason"]: e for e in told if e["event"] == "suppressed"}
    assert {"warm-up", "light"} <= reasons.keys()
    assert reasons["light"]["frame"] <= 92
    assert all(e["until_frame"] >= e["frame"] for e in told if e["event"] == "suppressed")


def test_a_zone_decides_what_counts(walk: Path, tmp_path: Path) -> None:
    zones = {
        "exclude": "[[0.0, 0.3], [1.0, 0.3], [1.0, 1.0], [0.0, 1.0]]",
        "include": "[[0.0, 0.0], [1.0, 0.0], [1.0, 0.2], [0.0, 0.2]]",
    }
    for name, zone in zones.items():
        config = tmp_path / f"{name}.toml"
        config.write_text(f"[zones]\n{name} = [{zone}]\n")
        told = events(walk, tmp_path / "a.jsonl", "--config", str(config))
        assert not [e for e in told if e["event"] == "start"]
        assert "zone" in {e.get("reason") for e in told}


def test_a_larger_least_area_silences_and_says_so(walk: Path, tmp_path: Path) -> None:
    config = tmp_path / "camera.toml"
    config.write_text("[motion]\nmin_area_percent = 6.0\n")
    told = events(walk, tmp_path / "a.jsonl", "--config", str(config))
    assert not [e for e in told if e["event"] == "start"]
    assert "area" in {e.get("reason") for e in told}


def video(path: Path, pictures: Iterable[np.ndarray], fps: float = 10.0) -> Path:
    size = (scenes.WIDTH, scenes.HEIGHT)
    code = {".avi": "MJPG", ".mkv": "MJPG", ".mp4": "mp4v"}[path.suffix]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), fps, size)
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


def test_a_video_is_clocked_by_its_own_rate(tmp_path: Path) -> None:
    told = events(video(tmp_path / "a.avi", scenes.walk(90)), tmp_path / "a.jsonl")
    assert told[-1] == {"event": "stop", "frame": 89, "time": 8.9}
    assert [e for e in told if e["event"] == "start"]


@pytest.mark.parametrize("kind", ["avi", "mkv"])
def test_a_truncated_video_is_served_as_far_as_it_goes_and_told_of(
    kind: str, tmp_path: Path
) -> None:
    path = video(tmp_path / f"a.{kind}", scenes.walk(90))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10])
    told = events(path, tmp_path / "a.jsonl")
    last = told[-1]
    assert last["event"] == "stop"
    assert 75 <= last["frame"] < 89
    (trouble,) = (e for e in told if e["event"] == "trouble")
    assert (
        trouble["reason"]
        == f"a.{kind} ends after {last['frame'] + 1} frames of 90: it is cut short"
    )
    motion = [e["event"] for e in told if e.get("kind") == "motion"]
    assert (motion[0], motion[-1]) == ("start", "end")


def test_a_video_whose_index_was_cut_off_is_refused_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = video(tmp_path / "a.mp4", scenes.walk(90))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert main(["replay", str(path), "--faces", "off"]) == 5
    said = capsys.readouterr()
    assert "copied whole" in said.err
    assert said.out == ""


def test_a_video_with_garbage_inside_does_not_stop_the_program(tmp_path: Path) -> None:
    path = video(tmp_path / "a.avi", scenes.walk(90))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = bytes(4000)
    path.write_bytes(content)
    assert events(path, tmp_path / "a.jsonl")[-1]["event"] == "stop"


def test_a_video_of_one_frame(tmp_path: Path) -> None:
    told = events(video(tmp_path / "a.avi", scenes.walk(1)), tmp_path / "a.jsonl")
    assert told == [{"event": "stop", "frame": 0, "time": 0.0}]


@pytest.mark.parametrize("content", [b"", b"not a video" * 100])
def test_what_is_no_video_is_refused(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    assert main(["replay", str(tmp_path / "a.mp4"), "--faces", "off"]) == 5
    assert "a.mp4" in capsys.readouterr().err
    assert main(["replay", str(tmp_path / "absent.mp4"), "--faces", "off"]) == 5


def test_pictures_of_any_kind_in_one_folder(tmp_path: Path) -> None:
    """16-bit, grey, with transparency, portrait, of another size, one broken, one too long."""
    folder = write(tmp_path / "f", scenes.still(3))
    base = scenes.room()
    cv2.imwrite(str(folder / "1000.png"), base.astype(np.uint16) * 257)
    cv2.imwrite(str(folder / "1001.png"), base[:, :, 0])
    cv2.imwrite(str(folder / "1002.png"), np.dstack([base, base[:, :, :1]]))
    cv2.imwrite(str(folder / "1003.png"), base.transpose(1, 0, 2))
    (folder / "1004.png").write_bytes(b"\x89PNG broken")
    cv2.imwrite(str(folder / "1005.png"), np.zeros((8, 8, 3), np.uint8))
    cv2.imwrite(str(folder / "1006.png"), np.zeros((16, 65_501, 3), np.uint8))
    told = events(folder, tmp_path / "a.jsonl")
    troubles = [e["reason"] for e in told if e["event"] == "trouble"]
    assert [reason.split(":")[0] for reason in troubles] == ["1004.png", "1005.png", "1006.png"]
    assert told[-1]["event"] == "stop"


def test_a_log_that_cannot_be_written_is_told_of(walk: Path, tmp_path: Path) -> None:
    words = ["replay", str(walk), "--faces", "off", "--events"]
    assert main([*words, str(tmp_path / "absent" / "a.jsonl")]) == 5


def test_what_was_seen_is_drawn(walk: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    events(walk, tmp_path / "a.jsonl", "--annotate", str(out))
    capture = cv2.VideoCapture(str(out))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    assert len(frames) == 150
    assert frames[0].shape == (scenes.HEIGHT, scenes.WIDTH, 3)
