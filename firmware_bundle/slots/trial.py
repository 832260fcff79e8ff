"""Does a version work on this machine? Asked in a process of its own, which may crash.

The version is started with its own runtime: what is tried is what will serve.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from edge_infer.errors import BadInput, Incompatible

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from edge_infer.slots import Root

    Trial: TypeAlias = Callable[[Root, str], None]
    """Takes the root and the version's name; raises what is wrong with it."""

TIMEOUT_S = 600
_LINES_SHOWN = 5
_SAID_BYTES = 4096
_LISTEN_S = 1


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


def check_health(command: Sequence[str], root: Path) -> None:
    """Refuse a check that cannot be started: the version would be blamed for it.

    Raises:
        BadInput: there is no such program, or it may not be run.
    """
    import shutil  # what an installation without a check of its own does not need

    name = command[0] if command else ""
    # With a slash it is looked for from the root, where it is started.
    program = shutil.which(os.path.join(root, name) if os.path.dirname(name) else name)  # noqa: PTH118, PTH120
    if not name or program is None:
        raise BadInput(
            "the health check cannot be started",
            expected="a program on the PATH, or the path of one that may be run",
            actual=name or "an empty command",
            hint="name it by its whole path, and make it executable: chmod +x",
        )


def run_health(command: Sequence[str], root: Root, name: str) -> None:
    """Ask the user's own check; it finds root and version in its environment.

    Raises:
        Incompatible: it ended with another status than 0, or not at all. What it leaves running
            after a status of 0 runs on.
    """
    named = {"EDGE_INFER_ROOT": str(root.path), "EDGE_INFER_VERSION": str(root.version(name))}
    _run(list(command), "the version did not pass your health check", root.path, **named)


def _run(command: list[str], what: str, folder: Path, **variables: str) -> None:
    import subprocess  # half a megabyte that an installation without a trial does not need

    reader, writer = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command, or ours
            command,
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            process_group=0,
        )
    except OSError as error:
        os.close(reader)
        raise Incompatible(what, actual=str(error)) from None
    finally:
        os.close(writer)
    said = _Listener(reader)
    try:
        status = process.wait(TIMEOUT_S)
    except BaseException as error:
        _end(process)
        if isinstance(error, subprocess.TimeoutExpired):
            raise Incompatible(what, actual=str(error)) from None
        raise
    if status != 0:
        _end(process)
        raise Incompatible(
            what,
            expected="exit status 0",
            actual="\n".join([f"exit status {status}", *said.last_lines()]),
            hint="the version before goes on serving",
        )


class _Listener:
    """Keeps the end of what a command says, and does not wait for what it leaves running."""

    def __init__(self, descriptor: int) -> None:
        self._said = b""
        self._thread = threading.Thread(target=self._read, args=(descriptor,), daemon=True)
        self._thread.start()

    def _read(self, descriptor: int) -> None:
        while block := os.read(descriptor, _SAID_BYTES):
            self._said = (self._said + block)[-_SAID_BYTES:]
        os.close(descriptor)

    def last_lines(self) -> list[str]:
        self._thread.join(_LISTEN_S)
        return self._said.decode("utf-8", "replace").strip().splitlines()[-_LINES_SHOWN:]


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all that it started: a check that hangs must not go on beside the next one."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
