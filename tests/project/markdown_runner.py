"""Runs the code of a Markdown file: what the documentation shows is what happens.

Fenced `sh` blocks run in bash, fenced `python` blocks in Python (as a doctest where they hold
`>>>`), in order, in one directory. Blocks of any other language are not run. A `text` block right
after an `sh` block is what that block prints; `...` in it stands for anything.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Block:
    """A fenced block and the line it starts on."""

    language: str
    text: str
    line: int


def blocks(text: str) -> list[Block]:
    """All fenced blocks in order."""
    return [
        Block(found[1], found[2], text.count("\n", 0, found.start()) + 1)
        for found in FENCE.finditer(text)
    ]


def run(path: Path, folder: Path) -> int:
    """Run the file's blocks in `folder`; return how many ran, or fail with the block's output."""
    ran, printed = 0, None
    for block in blocks(path.read_text("utf-8")):
        where = f"{path.name}:{block.line}"
        if block.language == "text" and printed is not None:
            check_output(block.text, printed, where)
        printed = None
        if block.language not in ("sh", "python"):
            continue
        ran += 1
        done = subprocess.run(
            command(block, folder),
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(f"{where} ended with {done.returncode}:\n{done.stdout}")
        printed = done.stdout if block.language == "sh" else None
    return ran


def command(block: Block, folder: Path) -> list[str]:
    """What runs a block."""
    if block.language == "sh":
        return ["bash", "-euo", "pipefail", "-c", block.text]
    if ">>>" not in block.text:
        return [sys.executable, "-c", block.text]
    script = folder / f".block-{block.line}.txt"
    script.write_text(block.text, "utf-8")
    return [sys.executable, "-m", "doctest", "-o", "ELLIPSIS", script.name]


def environment(folder: Path) -> dict[str, str]:
    """A clean environment in which `edge-infer` and `python3` are this project's."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "REPOSITORY": str(ROOT),
    }


def check_output(want: str, got: str, where: str) -> None:
    """Compare as doctest does, with `...` for anything."""
    if not doctest.OutputChecker().check_output(want, got, doctest.ELLIPSIS):
        raise AssertionError(f"{where} promises\n{want}\nbut what is printed is\n{got}")
