"""`edge-infer` as a program runs it: the same commands that a user types."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from edge_infer import EdgeInferError

if TYPE_CHECKING:
    from pathlib import Path


class CommandFailed(EdgeInferError):
    """An `edge-infer` command refused; its text says why."""


def edge_infer_command(*arguments: str | Path) -> str:
    """Run `edge-infer ARGUMENT…` and return what it printed.

    Raises:
        CommandFailed: it refused.
    """
    done = subprocess.run(
        [sys.executable, "-m", "edge_infer", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        command = " ".join(["edge-infer", *map(str, arguments)])
        raise CommandFailed(f"{command}\n{done.stdout}{done.stderr}")
    return done.stdout
