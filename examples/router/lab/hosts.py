"""Hosts of the lab: each a set of namespaces (network, processes, mounts) that ends with us.

A host lives as long as its first process, which reads a pipe whose other end we hold. When we end,
even by SIGKILL, the pipe closes, that process ends, and the kernel removes the host with all its
processes, interfaces and rules. Nothing outside is touched.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import edge_infer
from examples.router.lab.bounds import OUTSIDE, network_namespace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[3]
UNSHARE = ("unshare", "--net", "--uts", "--ipc", "--pid", "--mount", "--fork", "--kill-child")
PREPARE = (
    "mount -t tmpfs run /run && mount -t sysfs sys /sys"  # /sys of its own interfaces
    " && mkdir /run/lab /run/sshd && echo ready && exec cat"
)


class LabFailed(RuntimeError):
    """A command that sets the lab up has failed; its output is in the message."""


def require(*tools: str) -> None:
    """Check that this process may make hosts and that the tools are installed.

    Raises:
        edge_infer.Unavailable: not root, or a tool is missing.
    """
    if os.geteuid() != 0:
        raise edge_infer.Unavailable(
            "the lab makes network namespaces, which needs root",
            expected="effective user 0 (CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_NET_RAW)",
            actual=f"user {os.geteuid()}",
            hint="run it as root, in a container or a virtual machine if you like",
        )
    missing = [tool for tool in tools if not find(tool)]
    if missing:
        raise edge_infer.Unavailable(
            f"the lab needs programs that are not installed: {', '.join(missing)}",
            hint="apt install the packages that packages.debian lists for the router",
        )
    tried = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise edge_infer.Unavailable(
            "namespaces cannot be made here",
            expected="CAP_SYS_ADMIN, as a container without --privileged lacks it",
            actual=tried.stderr.strip(),
        )


def find(tool: str) -> str | None:
    """Path of a program, in the administrator's directories too."""
    return shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


class Host:
    """One host. Use it as a context manager, or call `close`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._holder = subprocess.Popen(
            [*UNSHARE, "--mount-proc", "sh", "-c", PREPARE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"ready\n":
            raise LabFailed(f"host {name}: its namespaces could not be made")
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
        self.pid = int(children.read_text())
        self.started: list[subprocess.Popen[bytes]] = []
        self.run("ip", "link", "set", "lo", "up")

    def command(self, *argv: str) -> list[str]:
        """`argv` as a command that runs within this host."""
        inside = ("nsenter", "-t", str(self.pid), "-n", "-u", "-i", "-p", "-m")
        return [*inside, f"--wd={ROOT}", "--", *argv]

    def environment(self) -> dict[str, str]:
        """What programs of the host get: little, and how to find our scripts and Python."""
        path = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"PATH": path, "HOME": "/run", "LANG": "C.UTF-8", OUTSIDE: str(network_namespace())}

    def run(
        self, *argv: str, text: str = "", limit_seconds: float = 20.0, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end.

        Raises:
            LabFailed: it failed, or took longer than its limit.
        """
        try:
            done = subprocess.run(
                self.command(*argv),
                env=self.environment(),
                input=text,
                capture_output=True,
                text=True,
                timeout=limit_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LabFailed(f"{self.name}: {' '.join(argv)} took over {limit_seconds} s") from error
        if check and done.returncode != 0:
            raise LabFailed(f"{self.name}: {' '.join(argv)}: {done.stderr or done.stdout}")
        return done

    def start(self, *argv: str, log: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a command and leave it running; it ends with the host at the latest."""
        with (log or Path(os.devnull)).open("ab") as out:
            one = subprocess.Popen(
                self.command(*argv),
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.started.append(one)
        return one

    def share(self, folder: Path) -> None:
        """Show a folder of ours as /run/lab on this host."""
        self.run("mount", "--bind", str(folder), "/run/lab")

    def close(self) -> None:
        """End the host and everything in it."""
        assert self._holder.stdin is not None
        assert self._holder.stdout is not None
        for one in self.started:
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGKILL)
                one.wait()
        self._holder.stdin.close()
        self._holder.stdout.close()
        self._holder.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def link(left: Host, left_name: str, right: Host, right_name: str, left_mac: str = "") -> None:
    """Join two hosts by a cable (a veth pair), without offloads: checksums and sizes are real."""
    address = ("address", left_mac) if left_mac else ()
    peer = ("peer", "name", right_name, "netns", str(right.pid))
    # Within the host our process numbers mean nothing: only its network is entered here.
    enter = ("nsenter", "-t", str(left.pid), "-n", "--")
    subprocess.run(
        [*enter, "ip", "link", "add", left_name, *address, "type", "veth", *peer], check=True
    )
    for host, name in ((left, left_name), (right, right_name)):
        host.run("ethtool", "-K", name, "tx", "off", "gso", "off", "tso", "off", "gro", "off")
        host.run("ip", "link", "set", name, "up")


def addresses(host: Host, interface: str, own: Sequence[str], prefix: str) -> None:
    """Give a host its addresses."""
    length = prefix.rpartition("/")[2]
    options = " nodad" if ":" in prefix else ""
    text = "".join(f"addr add {one}/{length} dev {interface}{options}\n" for one in own)
    host.run("ip", "-batch", "-", text=text)


def wait_until(ready: Callable[[], bool], what: str, limit_seconds: float = 8.0) -> None:
    """Wait until `ready` answers true.

    Raises:
        LabFailed: it did not in time.
    """
    until = time.monotonic() + limit_seconds
    while not ready():
        if time.monotonic() > until:
            raise LabFailed(f"{what} was not ready within {limit_seconds} s")
        time.sleep(0.05)
