"""The program in the kernel: loaded and attached by bpftool, counted, and taken away again."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from edge_infer import Unavailable

NAMES = ("other", "benign", "malicious", "dropped")
PASS, DROP = 2, 1  # XDP_PASS and XDP_DROP of linux/bpf.h
SECONDS = 20
BPFFS = Path("/sys/fs/bpf")


@dataclass
class Loaded:
    """An object in the kernel, attached to an interface where one is named.

    It goes with this object: leaving the context detaches and unpins it. Killed with -9 it stays
    attached and counts, and drops nothing after the deadline that `act_for` set last.
    """

    file: Path
    interface: str | None = None
    mode: str = "xdpgeneric"

    def __post_init__(self) -> None:
        self._pins = BPFFS / f"edge_router_{os.getpid()}_{time.monotonic_ns()}"

    @property
    def program(self) -> Path:
        """Where the program is pinned."""
        return self._pins / "program"

    def open(self) -> Self:
        """Load, and attach.

        Raises:
            Unavailable: bpftool, a permission or the file system of the pins is missing, the kernel
                refuses the program, or the interface is not there or taken.
        """
        try:
            self._pins.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                f"{BPFFS}: the program cannot be pinned",
                expected="the bpf file system, mounted there, and root",
                actual=error.strerror,
                hint=f"mount -t bpf bpf {BPFFS}; `ip netns exec` hides it: use nsenter --net=FILE",
            ) from error
        try:
            pins = ("type", "xdp", "pinmaps", str(self._pins))
            bpftool("prog", "load", str(self.file), str(self.program), *pins)
            if self.interface is not None:
                pinned = ("pinned", str(self.program), "dev", self.interface)
                bpftool("net", "attach", self.mode, *pinned)
        except Unavailable:
            self.interface = None
            self.close()
            raise
        return self

    def close(self) -> None:
        """Detach and remove it; an interface that has vanished took the program with it."""
        if self.interface is not None and is_there(self.interface):
            bpftool("net", "detach", self.mode, "dev", self.interface)
        remove_pins(self._pins)

    def act_for(self, seconds: float) -> None:
        """Drop what is malicious for so long from now on; 0 only counts."""
        until = time.clock_gettime_ns(time.CLOCK_MONOTONIC) + int(seconds * 1e9) if seconds else 0
        value = [str(byte) for byte in struct.pack("=Q", until)]
        key = ("pinned", str(self._pins / "settings"), "key", "0", "0", "0", "0")
        bpftool("map", "update", *key, "value", *value)

    def counters(self) -> dict[str, int]:
        """Packets without an IP header, benign, malicious, and dropped of the malicious."""
        told = bpftool("map", "dump", "pinned", str(self._pins / "counters"))
        sums = [sum(cpu["value"] for cpu in entry["formatted"]["values"]) for entry in told]
        return dict(zip(NAMES, sums, strict=True))

    def verdict(self, packet: Path) -> int:
        """What the program returns for the frame in a file: XDP_PASS or XDP_DROP."""
        return int(self.run(packet)["retval"])

    def run(self, packet: Path, repeat: int = 1) -> dict[str, int]:
        """`bpftool prog run` on a frame: its result and the nanoseconds a run took."""
        data = ("data_in", str(packet), "repeat", str(repeat))
        told: dict[str, int] = bpftool("prog", "run", "pinned", str(self.program), *data)
        return told

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()


def is_there(interface: str) -> bool:
    """Is there an interface of that name?"""
    return any(name == interface for _, name in socket.if_nameindex())


def remove_pins(pins: Path) -> None:
    """Remove the pins of a program and its maps, as far as they are there."""
    for path in pins.glob("*"):
        path.unlink()
    if pins.exists():
        pins.rmdir()


def bpftool(*words: str) -> Any:
    """Run bpftool and return what it says in JSON.

    Raises:
        Unavailable: it is missing, or it failed.
    """
    program = shutil.which("bpftool", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        raise Unavailable("bpftool is not installed", hint="apt install bpftool")
    done = subprocess.run(
        [program, "-j", *words], capture_output=True, text=True, timeout=SECONDS, check=False,
        start_new_session=True,  # Ctrl-C is ours: it must not end the tool while it detaches
    )  # fmt: skip
    said = done.stdout.strip()
    told = json.loads(said) if said.startswith(("{", "[")) else None
    if done.returncode != 0 or (isinstance(told, dict) and "error" in told):
        reason = told["error"] if isinstance(told, dict) and "error" in told else done.stderr
        raise Unavailable(
            f"bpftool {' '.join(words[:2])} failed: {str(reason).strip()[-600:]}",
            expected="root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN; a kernel with BPF, and "
            "/sys/fs/bpf mounted (mount -t bpf bpf /sys/fs/bpf)",
        )
    return told
