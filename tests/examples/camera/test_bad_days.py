"""The whole loop when the frames, the disk or the clock are not as they were."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
import scenes

from examples.camera import running
from examples.camera.config.reading import parse_config
from examples.camera.running import Loop
from examples.camera.sources.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class Shown:
    """A camera that shows given pictures, 25 a second by its own clock."""

    live = True

    def __init__(self, pictures: Iterable[np.ndarray]) -> None:
        self._pictures = pictures

    def frames(self) -> Iterator[Frame]:
        for number, picture in enumerate(self._pictures):
            yield Frame(picture, number / 25, number)

    def troubles(self) -> list[str]:
        return []

    def close(self) -> None:
        pass


def watched(
    folder: Path, pictures: Iterable[np.ndarray], monkeypatch: pytest.MonkeyPatch, text: str = "",
    **options: Any,
) -> list[dict[str, Any]]:  # fmt: skip
    """The events of a loop over a camera that shows these pictures."""
    config = parse_config(f'[events]\nlog = "{folder}/log"\n[faces]\ndetector = "off"\n{text}')
    config = replace(config, source=replace(config.source, url="0"))
    monkeypatch.setattr(running, "open_source", lambda *_, **__: Shown(pictures))
    Loop(config, **options).run()
    return [json.loads(line) for line in (folder / "log").read_text("utf-8").splitlines()]


def paired(told: list[dict[str, Any]]) -> bool:
    """Every start has its end."""
    starts, ends = ([e["id"] for e in told if e["event"] == w] for w in ("start", "end"))
    return bool(starts) and sorted(starts) == sorted(ends)


def test_the_frames_change_their_size_and_colour_in_the_middle_of_an_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = list(scenes.walk(200, scenes.Walker(step=2)))
    large = [np.asarray(cv2.resize(p, (320, 240)), np.uint8) for p in walk]
    grey = [np.ascontiguousarray(p[:, :, 0]) for p in walk]
    pictures = [*walk[:90], *large[90:140], *grey[140:]]
    (tmp_path / "kept").mkdir()
    text = f'[store]\nfolder = "{tmp_path}/kept"\nclips = true\nsnapshots = true\n'
    told = watched(tmp_path, pictures, monkeypatch, text, annotate=tmp_path / "out.mp4")
    assert paired(told)
    assert told[-1] | {"at": ""} == {"event": "stop", "frame": 199, "time": 7.96, "at": ""}
    assert [e for e in told if e["event"] == "trouble"] == []
    for video in (tmp_path / "out.mp4", *(tmp_path / "kept").glob("*.mp4")):
        capture = cv2.VideoCapture(str(video))
        assert capture.read()[1].shape == (120, 160, 3)


@pytest.mark.parametrize("step_s", [-86400.0, 86400.0 * 365])
def test_the_clock_of_the_machine_is_set_in_the_middle_of_an_event(
    step_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = time.time, 0

    def pictures() -> Iterator[np.ndarray]:
        nonlocal seen
        for picture in scenes.walk(110, scenes.Walker(step=3)):
            seen += 1
            yield picture

    monkeypatch.setattr(running.time, "time", lambda: real() + (step_s if seen > 80 else 0.0))
    told = watched(tmp_path, pictures(), monkeypatch)
    assert paired(told)
    times = [e["time"] for e in told]
    assert times == sorted(times), "events keep the camera's own time"
    days = {e["at"][:10] for e in told}
    assert len(days) >= 2, "the time of day is the new one"


def test_whoever_read_the_events_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As under `run … | head -1`: a camera that shows pictures for ever is let go of."""
    import os

    shown = 0

    def pictures() -> Iterator[np.ndarray]:
        nonlocal shown
        for picture in scenes.walk(5000, scenes.Walker(step=3)):
            shown += 1
            yield picture

    class Camera(Shown):
        open = True

        def frames(self) -> Iterator[Frame]:
            for frame in super().frames():
                if not self.open:
                    return
                yield frame

        def close(self) -> None:
            self.open = False

    reading, writing = os.pipe()
    os.close(reading)
    config = parse_config(f'[events]\nlog = "{tmp_path}/log"\n[faces]\ndetector = "off"')
    monkeypatch.setattr(running, "open_source", lambda *_, **__: Camera(pictures()))
    loop = Loop(replace(config, source=replace(config.source, url="0")))
    monkeypatch.setattr(loop._outputs._log, "_file", writing)
    loop.run()
    assert 50 < shown < 200, "it ends at the first line that nobody takes"
    assert capfd.readouterr().err == ""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of eight megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system needs root and the right to mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full_costs_pictures_and_no_event(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pictures() -> Iterator[np.ndarray]:
        for number, picture in enumerate(scenes.walk(160, scenes.Walker(step=3))):
            if number == 50:
                (small_disk / "filler").write_bytes(bytes(small_disk_free(small_disk)))
            if number == 120:
                (small_disk / "filler").unlink()
            yield picture

    text = f'[store]\nfolder = "{small_disk}"\nclips = true\nsnapshots = true\n'
    log = f'[events]\nlog = "{small_disk}/log"\n'
    config = parse_config(f'{log}[faces]\ndetector = "off"\n{text}')
    config = replace(config, source=replace(config.source, url="0"))
    monkeypatch.setattr(running, "open_source", lambda *_, **__: Shown(pictures()))
    Loop(config).run()
    told = [json.loads(line) for line in (small_disk / "log").read_text("utf-8").splitlines()]
    assert paired(told)
    assert told[-1]["event"] == "stop"
    reasons = [e["reason"] for e in told if e["event"] == "trouble"]
    assert any("snapshot was not kept" in reason for reason in reasons)
    assert any("clip was not kept" in reason for reason in reasons)
    assert not list(small_disk.glob("*.part*"))


def small_disk_free(place: Path) -> int:
    import shutil

    return shutil.disk_usage(place).free
