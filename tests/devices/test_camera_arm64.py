"""The camera on an emulated Raspberry Pi: a replay tells what it tells here, and stays silent.

`make test-devices` runs it. The masks are integer arithmetic, so what moves is the same to the
byte. Faces are scored in floating point, whose last digits differ between the processors: the
same faces in the same frames are asked for, boxes within two pixels, scores within a quarter.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from emulation import KINDS, Machine, NotHere, machine

pytestmark = pytest.mark.skipif(
    os.environ.get("EDGE_INFER_DEVICES") != "1", reason="make test-devices runs the emulated ones"
)

ROOT = Path(__file__).parents[2]
WHEELS = ("numpy", "opencv-python-headless", "onnxruntime")


@pytest.fixture(scope="module")
def pi() -> Machine:
    try:
        found = machine(KINDS["arm64"])
    except NotHere as error:
        pytest.skip(f"emulated arm64: {error}")
    return found


@pytest.fixture(scope="module")
def site(pi: Machine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Pi's own wheels, at the versions that are installed here, and the program."""
    place, python = tmp_path_factory.mktemp("site"), ".".join(map(str, pi.version))
    tags = ["manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux_2_17_aarch64",
            "manylinux2014_aarch64"]  # fmt: skip
    command = [
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--target", str(place), "--only-binary=:all:", "--implementation", "cp",
        "--python-version", python, "--abi", f"cp{python.replace('.', '')}", "--abi", "abi3",
        "--abi", "none", "--no-compile",
        *(word for tag in tags for word in ("--platform", tag)),
        *(f"{name}=={version(name)}" for name in WHEELS),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"the Pi's wheels cannot be had: {done.stderr.strip()[-200:]}")
    for room in ("examples/camera", "edge_infer"):
        shutil.copytree(ROOT / room, place / room)
    return place


def recording(folder: Path, count: int = 110) -> Path:
    """A face that is nobody's moves through a room, and the light goes down."""
    from examples.camera.faces.portrait import scene

    folder.mkdir()
    random = np.random.default_rng(0)
    portrait = scene(120, 160, (40, 20, 64))
    room = cv2.resize(random.integers(60, 190, (8, 10, 3), np.uint8), (320, 240),
                      interpolation=cv2.INTER_CUBIC)  # fmt: skip
    for n in range(count):
        frame = room + random.normal(0, 2, room.shape)
        if n >= 60:
            x = (n - 60) * 3
            frame[80:200, x : x + 160] = portrait[:, : 320 - x, None]
        if n >= 100:
            frame *= 0.6
        cv2.imwrite(str(folder / f"{n:03d}.png"), np.clip(frame, 0, 255).astype(np.uint8))
    return folder


def test_a_replay_tells_there_what_it_tells_here(pi: Machine, site: Path, tmp_path: Path) -> None:
    recording(tmp_path / "frames")
    for faces in ("off", "shipped"):
        words = ("-m", "examples.camera", "replay", "frames", "--faces", faces, "--events")
        done = pi.run(*words, f"there-{faces}", cwd=tmp_path, site=site)
        assert done.returncode == 0, done.stderr
        subprocess.run(
            [sys.executable, *words, f"here-{faces}"], cwd=tmp_path, check=True,
            env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
        )  # fmt: skip
    there, here = (tmp_path / f"{side}-off" for side in ("there", "here"))
    assert there.read_bytes() == here.read_bytes()
    assert b'"start"' in here.read_bytes()
    there, here = (tmp_path / f"{side}-shipped" for side in ("there", "here"))
    one, other = (
        [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in (there, here)
    )
    assert any(event.get("kind") == "face" for event in other)
    assert [about(event) for event in one] == [about(event) for event in other]
    for a, b in zip(one, other, strict=True):
        assert np.abs(np.subtract(a.get("box", 0), b.get("box", 0))).max() <= 2
        if a.get("kind") == "motion":
            assert a["score"] == b["score"]
        # A face's score sums over the windows that pass: one at the threshold may pass on one side.
        assert a.get("score", 0) == pytest.approx(b.get("score", 0), rel=0.25)


NETWORK = re.compile(
    r"\d+ (?:socket\((?!AF_UNIX|PF_UNIX)|socketpair\((?!AF_UNIX|PF_UNIX)"
    r"|(?:connect|bind|listen|accept4?|sendto|sendmsg|sendmmsg|recvfrom|recvmsg|recvmmsg)\()"
)
WRITES = re.compile(r'\d+ openat\([^"]*"([^"]+)",[^)]*O_(?:WRONLY|RDWR|CREAT|TRUNC)')
MAKES = re.compile(
    r"\d+ (?:mkdirat|mknodat|renameat2?|unlinkat|linkat|symlinkat|f?truncate|fallocate)\("
)


def test_it_sends_nothing_and_writes_nothing_but_the_log(
    pi: Machine, site: Path, tmp_path: Path
) -> None:
    """The emulator itself writes down every system call of the emulated program."""
    talks = "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
    pi.run("-c", talks, cwd=tmp_path, trace=tmp_path / "control")
    assert NETWORK.search((tmp_path / "control").read_text("utf-8")), "it sees a program that talks"
    recording(tmp_path / "frames", count=75)
    words = ("-m", "examples.camera", "replay", "frames", "--events", "log")
    done = pi.run(*words, cwd=tmp_path, site=site, trace=tmp_path / "trace")
    assert done.returncode == 0, done.stderr
    assert '"start"' in (tmp_path / "log").read_text("utf-8")
    lines = [
        line for line in (tmp_path / "trace").read_text("utf-8", "replace").splitlines()
        if " = -1 errno=" not in line
    ]  # fmt: skip
    assert sum("/frames/" in line or '"frames/' in line for line in lines) >= 75, "it sees opens"
    assert [line for line in lines if NETWORK.search(line)] == []
    written = {found[1] for line in lines if (found := WRITES.search(line))}
    assert "log" in written, "it sees writes"
    assert {name for name in written if not in_memory(name)} <= {"log", "/dev/null"}
    assert [line for line in lines if MAKES.search(line)] == []


def in_memory(name: str) -> bool:
    """Files of the kernel's that hold nothing."""
    return name.startswith(("/proc/self/", "/dev/shm/"))


def about(event: dict[str, object]) -> dict[str, object]:
    """An event without what floating point decides."""
    return {key: value for key, value in event.items() if key not in ("box", "score")}
