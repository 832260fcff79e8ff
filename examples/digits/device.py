"""The device of the demo: an empty folder, a Python of its own, and no network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import edge_infer

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
ABSENT = ("sklearn", "skl2onnx", "onnx", "scipy", "joblib", "convert", "firmware_bundle")
"""What a device does not have; `Device.missing` shows it."""


class DeviceRefused(Exception):
    """The device did not predict; its text says why."""


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended."""

    exit_code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Device:
    """A folder, the interpreter that serves it, and what cuts its network."""

    folder: Path
    python: Path
    cut: tuple[str, ...]
    """What stands before a script: `unshare -rn PYTHON`, or `PYTHON offline.py`."""
    cut_by: str

    def copy(self, bundle: Path, *others: Path) -> Path:
        """Copy a bundle and files here: the whole deployment."""
        for other in others:
            shutil.copy(other, self.folder)
        return Path(shutil.copytree(bundle, self.folder / bundle.name))

    def run(self, *arguments: str | Path) -> Answer:
        """Run a Python script of this folder without network and with an empty environment."""
        environment = {"PATH": os.defpath, "HOME": str(self.folder), "LANG": "C.UTF-8"}
        done = subprocess.run(
            [*self.cut, *map(str, arguments)],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def run_and_kill(self, *arguments: str | Path, once: Callable[[], int]) -> int:
        """Start a script, kill it as soon as `once` counts something, return what it counted.

        That is 0 where the script was quicker.
        """
        with subprocess.Popen(
            [*self.cut, *map(str, arguments)],
            cwd=self.folder,
            env={"PATH": os.defpath, "HOME": str(self.folder), "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            while process.poll() is None:
                counted = once()
                if counted:
                    process.kill()
                    process.wait()
                    return counted
        return 0

    def predict(self, bundle: Path, trust: Path, *files: Path) -> Answer:
        """Run `predict` from the bundle itself: what was copied is all that is needed."""
        return self.run(bundle / "run", "predict", *files, "--trust", trust.name, "--json")

    def labels(self, bundle: Path, trust: Path, *files: Path) -> np.ndarray:
        """Labels of pictures or rows, in order.

        Raises:
            DeviceRefused: the bundle or a file was refused.
        """
        answer = self.predict(bundle, trust, *files)
        if answer.exit_code != 0:
            raise DeviceRefused(f"exit {answer.exit_code}\n{answer.output}{answer.errors}")
        return np.array([json.loads(line)["label"] for line in answer.output.splitlines()])

    def missing(self) -> list[str]:
        """Which of `ABSENT` this device's Python cannot import."""
        question = (
            "import importlib.util, json; "
            f"print(json.dumps([n for n in {ABSENT!r} if importlib.util.find_spec(n) is None]))"
        )
        done = subprocess.run(
            [self.python, "-I", "-c", question],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        names: list[str] = json.loads(done.stdout)
        return names


def make_device(folder: Path, python: Path) -> Device:
    """An empty folder with its network cut, by a network namespace where that is permitted.

    Raises:
        edge_infer.Unavailable: its environment has not been made.
        DeviceRefused: something can still be reached.
    """
    if not python.exists():
        raise edge_infer.Unavailable(
            "the device's environment is missing", expected=python, hint="run: make demo"
        )
    folder.mkdir()
    device = Device(folder, python, *_find_cut(python))
    reached = device.run(HERE / "reach.py")
    if reached.exit_code != 0:
        raise DeviceRefused(f"{device.cut_by} was to cut the network; {reached.output}")
    return device


def flip_one_byte(path: Path) -> int:
    """Invert the byte in the middle of a file; return its offset. Twice restores it."""
    content = bytearray(path.read_bytes())
    offset = len(content) // 2
    content[offset] ^= 0xFF
    path.write_bytes(content)
    return offset


def _find_cut(python: Path) -> tuple[tuple[str, ...], str]:
    unshare = shutil.which("unshare")
    for options in ("-rn", "-n"):
        prefix = (unshare or "", options, str(python))
        if unshare and sys.platform == "linux" and _works(*prefix, "-c", ""):
            return prefix, "a network namespace of its own"
    return (str(python), str(HERE / "offline.py")), "an audit hook that refuses sockets"


def _works(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
