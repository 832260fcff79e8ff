"""The command line: `python -m examples.camera run|replay|score|tune|motion|detect …`."""

from __future__ import annotations

import contextlib
import sys
from importlib import import_module

from examples.camera.masked import Masked

COMMANDS = {
    "run": ("examples.camera.running", "watch a camera and tell of motion and faces"),
    "replay": ("examples.camera.replaying", "the events of a recording, the same on every run"),
    "score": ("examples.camera.scoring", "compare masks or boxes with labels"),
    "tune": ("examples.camera.tuning", "thresholds from a rectangle and a recording"),
    "motion": ("examples.camera.masking", "a mask of what moves for every picture of a folder"),
    "detect": ("examples.camera.detecting", "faces in pictures"),
}


def main(argv: list[str]) -> int:
    """Run one command; return its exit code."""
    if not argv or argv[0] not in COMMANDS:
        asked = bool(argv) and argv[0] in ("-h", "--help")
        out = sys.stdout if asked else sys.stderr
        print("usage: python -m examples.camera COMMAND …, each with --help", file=out)
        for name, (_, what) in COMMANDS.items():
            print(f"  {name:<7} {what}", file=out)
        return 0 if asked else 2
    with contextlib.redirect_stderr(Masked(sys.stderr)):
        return int(import_module(COMMANDS[argv[0]][0]).main(argv[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
