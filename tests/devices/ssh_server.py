"""An OpenSSH server on the loopback interface, in a mount namespace of its own."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from emulation import NotHere

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = """\
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/pid
ListenAddress 127.0.0.1:{port}
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
Subsystem sftp internal-sftp
SetEnv PATH={path}
"""
CLIENT = """\
Host {name}
    HostName 127.0.0.1
    Port {port}
    IdentityFile {folder}/user
    UserKnownHostsFile {folder}/known
    StrictHostKeyChecking no
    BatchMode yes
    LogLevel ERROR
"""


@contextlib.contextmanager
def serving(
    folder: Path, name: str, mounts: dict[str, Path], path: str
) -> Iterator[tuple[Path, int]]:
    """Serve root as host `name`, with folders of ours over those of this machine.

    Yields a folder of `ssh` and `scp` that know the host, and the server's process.

    Raises:
        NotHere: a tool is missing, or this is not root.
    """
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    missing = [tool for tool in ("ssh", "scp", "rsync", "unshare") if shutil.which(tool) is None]
    if sshd is None or missing:
        raise NotHere(f"not installed: {', '.join([*missing, *([] if sshd else ['sshd'])])}")
    if os.geteuid() != 0:
        raise NotHere("not root: no mount namespace for a device's own folders")
    Path("/run/sshd").mkdir(exist_ok=True)
    for key in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "server").write_text(SERVER.format(folder=folder, port=port, path=path))
    (folder / "client").write_text(CLIENT.format(folder=folder, port=port, name=name))
    (folder / "bin").mkdir()
    for tool in ("ssh", "scp"):
        real, wrapper = shutil.which(tool), folder / "bin" / tool
        wrapper.write_text(f'#!/bin/sh\nexec {real} -F {folder}/client -o User=root "$@"\n')
        wrapper.chmod(0o755)
    lines = [f"mount --bind {shlex.quote(str(ours))} {there}" for there, ours in mounts.items()]
    lines.append(f"exec {sshd} -D -e -f {folder}/server")
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(["unshare", "-m", "sh", "-ec", "\n".join(lines)], stderr=log) as process,
    ):
        try:
            _wait(port, process, folder / "log")
            yield folder / "bin", process.pid
        finally:
            process.terminate()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            raise NotHere(f"sshd does not start here: {log.read_text('utf-8', 'replace')[-300:]}")
        time.sleep(0.05)
    raise NotHere("sshd does not listen")
