"""Does a version work on this machine? Asked in a process of its own, which may crash.

The version is started with its own runtime: what is tried is what will serve.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from edge_infer.errors import Incompatible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from edge_infer.slots import Root

    Trial: TypeAlias = Callable[[Root, str], None]
    """Takes the root and the version's name; raises what is wrong with it."""

TIMEOUT_S = 600
_LINES_SHOWN = 5


def run_trial(root: Root, name: str) -> None:
    """Load the version and run its golden vectors.

    Raises:
        Incompatible: it does not load here, does not answer as it should, or crashes.
    """
    version = root.version(name)
    command = [
        sys.executable, "-B", str(version / "run"), "selftest", str(version),
        "--trust", str(root.trust()),
    ]  # fmt: skip
    _run(command, "the version did not pass its golden vectors on this machine", root.path)


def run_health(command: Sequence[str], root: Root, name: str) -> None:
    """Ask the user's own check; it finds root and version in its environment.

    Raises:
        Incompatible: it ended with another status than 0.
    """
    named = {"EDGE_INFER_ROOT": str(root.path), "EDGE_INFER_VERSION": str(root.version(name))}
    _run(list(command), "the version did not pass your health check", root.path, **named)


def _run(command: list[str], what: str, folder: Path, **variables: str) -> None:
    import subprocess  # half a megabyte that an installation without a trial does not need

    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, or ours
            command,
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Incompatible(what, actual=str(error)) from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-_LINES_SHOWN:]
        raise Incompatible(
            what,
            expected="exit status 0",
            actual="\n".join([f"exit status {done.returncode}", *said]),
            hint="the version before goes on serving",
        )
