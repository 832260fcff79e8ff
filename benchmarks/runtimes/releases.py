"""The newest release of each onnxruntime minor that pip offers this Python, side by side."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from edge_infer.engines.onnxruntime import MINIMUM

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".runtimes"
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")


def offered() -> list[str]:
    """The newest patch of every minor from `MINIMUM` on, oldest first."""
    said = subprocess.run(
        [*_PIP, "index", "versions", "onnxruntime"], capture_output=True, text=True, check=False
    )
    listed = re.search(r"^Available versions: (.*)$", said.stdout, re.MULTILINE)
    if listed is None:
        raise SystemExit(f"pip lists no onnxruntime; is there an index?\n{said.stderr}")
    newest: dict[tuple[int, int], tuple[int, ...]] = {}
    for text in listed[1].split(", "):
        if re.fullmatch(r"\d+\.\d+\.\d+", text):
            release = tuple(int(part) for part in text.split("."))
            minor = (release[0], release[1])
            newest[minor] = max(newest.get(minor, release), release)
    least = tuple(int(part) for part in MINIMUM.split("."))
    return [".".join(map(str, newest[minor])) for minor in sorted(newest) if minor >= least]


def installed(version: str) -> Path:
    """The folder of that release, installed there if it is not yet."""
    target = FOLDER / version
    if (target / "complete").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    said = subprocess.run(
        [
            *(*_PIP, "install", "--quiet", "--no-deps", "--upgrade"),
            *("--target", str(target), f"onnxruntime=={version}"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode:
        raise SystemExit(f"pip cannot install onnxruntime {version}:\n{said.stderr}")
    (target / "complete").touch()
    return target
