"""`run`: the loop as a program: its log, its end, its watchdog, its refusals."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import pytest
import scenes

from examples.camera.__main__ import main
from examples.camera.view import blocks

if TYPE_CHECKING:
    import numpy as np

ROOT = Path(__file__).parents[3]


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, picture in enumerate(scenes.walk(110, scenes.Walker(step=3))):
        cv2.imwrite(str(folder / f"{number:04d}.png"), picture)
    return folder


def test_run_and_replay_tell_the_same_of_a_recording(walk: Path, tmp_path: Path) -> None:
    config = tmp_path / "camera.toml"
    config.write_text(f'[events]\nlog = "{tmp_path}/run"\n[faces]\ndetector = "off"\n')
    assert main(["run", "--source", str(walk), "--config", str(config)]) == 0
    assert main(["replay", str(walk), "--events", f"{tmp_path}/replay", "--faces", "off"]) == 0
    assert (tmp_path / "run").read_bytes() == (tmp_path / "replay").read_bytes()
    assert b'"start"' in (tmp_path / "run").read_bytes()


def test_by_default_nothing_is_written_but_the_log(
    walk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert main(["run", "--source", str(walk), "--faces", "off"]) == 0
    assert list(empty.iterdir()) == []
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {"start", "end", "stop"} <= {line["event"] for line in lines}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_every_start_has_its_end(
    number: signal.Signals, walk: Path, tmp_path: Path
) -> None:
    for n in range(110, 4000):
        (walk / f"{n:04d}.png").symlink_to(walk / f"{60 + n % 20:04d}.png")
    place = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(place)
        with subprocess.Popen(
            [sys.executable, "-m", "examples.camera", "run", "--source", str(walk),
             "--faces", "off"],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "NOTIFY_SOCKET": place, "WATCHDOG_USEC": "200000"},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            seen = []
            for line in process.stdout:
                seen.append(json.loads(line))
                if seen[-1]["event"] == "start":
                    process.send_signal(number)
                    break
            seen += [json.loads(line) for line in process.stdout]
            assert process.wait(30) == 0
        told.setblocking(False)
        states = []
        try:
            while True:
                states.append(told.recv(100).decode())
        except BlockingIOError:
            pass
    starts = {e["id"] for e in seen if e["event"] == "start"}
    assert starts == {e["id"] for e in seen if e["event"] == "end"}
    assert seen[-1]["event"] == "stop"
    assert seen[-1]["frame"] < 3999
    assert states[0] == "READY=1"
    assert {"WATCHDOG=1", "STOPPING=1"} <= set(states)


@pytest.mark.parametrize(
    "words",
    [[], ["--source", "/dev/video97"], ["--source", "rtsp://example.com/1"],
     ["--source", "absent.mp4"], ["--source", ".", "--config", "absent.toml"],
     ["--source", ".", "--faces", "absent-bundle"], ["--source", ".", "--view", "window"]],
    ids=" ".join,
)  # fmt: skip
def test_what_cannot_be_run_is_refused_with_a_message(
    words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--faces", "off", *words]) in (5, 6)
    said = capfd.readouterr()
    assert "expected" in said.err or "to do" in said.err or "actual" in said.err
    assert said.out == ""


def test_a_detector_that_was_altered_is_refused(walk: Path, tmp_path: Path) -> None:
    import shutil

    shipped = ROOT / "examples" / "camera" / "models" / "faces"
    bundle = shutil.copytree(shipped, tmp_path / "bundle")
    model = next(bundle.rglob("model.onnx"))
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    words = ["--faces", str(bundle), "--faces-trust", str(bundle / "trainer.pub")]
    assert main(["run", "--source", str(walk), *words]) == 3


def test_a_bundle_for_other_features_is_refused(walk: Path, tmp_path: Path) -> None:
    frozen = ROOT / "tests" / "data" / "v1" / "linear"
    words = ["--faces", str(frozen), "--faces-trust", str(ROOT / "tests/data/v1/trainer.pub")]
    assert main(["run", "--source", str(walk), *words]) in (3, 4, 5)


def test_the_terminal_shows_the_picture_in_its_colours() -> None:
    picture: np.ndarray = scenes.room()
    text = blocks(picture, 40, 12)
    lines = text.splitlines()
    assert len(lines) <= 12
    assert all(line.count("▀") == lines[0].count("▀") <= 40 for line in lines)
    b, g, r = cv2.resize(picture, (32, 24), interpolation=cv2.INTER_AREA)[0, 0]
    assert f"\x1b[38;2;{r};{g};{b}m" in lines[0]


def test_a_view_in_a_terminal(walk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--source", str(walk), "--faces", "off", "--view", "terminal"]) == 0
    said = capfd.readouterr()
    assert "▀" in said.err
    assert "▀" not in said.out
