"""The kinds of device that a bundle can be made for, and whether this machine is one."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

from edge_infer.errors import Incompatible


@dataclass(frozen=True)
class Target:
    """A kind of device."""

    name: str
    help: str
    machines: tuple[str, ...]
    """What `platform.machine()` says there; empty for any."""
    bits: int | None
    """Of a pointer in its Python: a 64-bit kernel may carry a 32-bit system."""
    native: tuple[str, ...]
    """Compiled models of which it needs one, as `convert --native` names them; none where
    onnxruntime runs."""
    wheels: tuple[str, ...]
    """Platform tags of the wheels that fit, best first; empty where there are none."""
    service: str | None
    """Which service unit it takes."""
    web: bool = False
    """Whether it opens the bundle's page in a browser."""


_GLIBC = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")

TARGETS = {
    one.name: one
    for one in (
        Target(
            "generic", "any device with Python, numpy and onnxruntime", (), None, (), (), None
        ),
        Target(
            "linux-x86-64", "64-bit PCs and gateways", ("x86_64", "amd64"), 64, (),
            tuple(f"{tag}_x86_64" for tag in _GLIBC), "systemd",
        ),
        Target(
            "raspberry-pi-64", "Raspberry Pi 3 to 5 with a 64-bit system", ("aarch64", "arm64"),
            64, (), tuple(f"{tag}_aarch64" for tag in _GLIBC), "systemd",
        ),
        Target(
            "raspberry-pi-32", "Raspberry Pi with a 32-bit system",
            ("armv7l", "armv6l", "armv8l", "aarch64"), 32, ("armv7hf",), (), "systemd",
        ),
        Target(
            "openwrt-arm", "routers with a 32-bit ARM", ("armv7l", "armv8l"), 32,
            ("armv7hf", "armv7"), (), "procd",
        ),
        Target(
            "openwrt-mips", "routers with a MIPS", ("mips", "mipsel"), 32,
            ("mips-sf", "mipsel-sf", "mips", "mipsel"), (), "procd",
        ),
        Target("riscv64", "64-bit RISC-V", ("riscv64",), 64, ("riscv64",), (), "systemd"),
        Target("phone", "a browser, and any device as generic", (), None, (), (), None, web=True),
    )
}  # fmt: skip


def check_machine(name: str, *, machine: str | None = None, bits: int | None = None) -> None:
    """Refuse a bundle that was made for another kind of machine than this one.

    Raises:
        Incompatible: it was, or for one that this release does not know.
    """
    target = TARGETS.get(name)
    machine = platform.machine().lower() if machine is None else machine
    bits = (64 if sys.maxsize > 2**32 else 32) if bits is None else bits
    if target is None:
        raise Incompatible(
            "the bundle is for a target that is not known here",
            expected=", ".join(TARGETS),
            actual=name[:80],
            hint="update edge-infer on the device",
        )
    if (target.machines and machine not in target.machines) or target.bits not in (None, bits):
        raise Incompatible(
            "the bundle is for another kind of machine",
            expected=f"{name}: {' or '.join(target.machines)}, {target.bits} bits",
            actual=f"{machine or 'unknown'}, {bits} bits",
            hint="make one for this machine: edge-infer bundle --target",
        )
