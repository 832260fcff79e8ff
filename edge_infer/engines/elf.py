"""For which processor an ELF file is, read from its first bytes; nothing is executed.

The interpreter that runs is an ELF file as well, so a compiled model fits this process where
both say the same. Sources: the ELF specification (gABI 4.1), the psABI supplements of ARM
(EF_ARM_ABI_FLOAT_*) and MIPS (PT_MIPS_ABIFLAGS).
"""

from __future__ import annotations

import struct

from edge_infer.values import dataclass

_MACHINES = {3: "x86", 8: "mips", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv"}
_ARM_HARD, _RISCV_DOUBLE = 0x400, 0x4
_MIPS_ABIFLAGS = 0x70000003
_MIPS_SOFT = 3
_HEAD_BYTES = 4096

TARGETS = {
    "x86_64": ("x86_64", 64, "little", "hard"),
    "aarch64": ("aarch64", 64, "little", "hard"),
    "armv7hf": ("arm", 32, "little", "hard"),
    "armv7": ("arm", 32, "little", "soft"),
    "riscv64": ("riscv", 64, "little", "hard"),
    "mips": ("mips", 32, "big", "hard"),
    "mips-sf": ("mips", 32, "big", "soft"),
    "mipsel": ("mips", 32, "little", "hard"),
    "mipsel-sf": ("mips", 32, "little", "soft"),
}
"""Name of a target to machine, bits, byte order and how doubles are passed."""


@dataclass(frozen=True)
class Identity:
    """What must agree between a process and what it loads."""

    machine: str
    bits: int
    order: str
    floats: str

    @property
    def target(self) -> str | None:
        """The target of that name, if it is one."""
        mine = (self.machine, self.bits, self.order, self.floats)
        return next((name for name, found in TARGETS.items() if found == mine), None)


def identify(data: bytes) -> Identity | None:
    """The identity of an ELF file's bytes; None where it is no ELF file of a known machine."""
    if len(data) < 52 or data[:4] != b"\x7fELF" or data[4] not in (1, 2) or data[5] not in (1, 2):
        return None
    bits, order = (32, 64)[data[4] - 1], ("little", "big")[data[5] - 1]
    mark = "<" if order == "little" else ">"
    (number,) = struct.unpack_from(mark + "H", data, 18)
    machine = _MACHINES.get(number)
    if machine is None:
        return None
    return Identity(machine, bits, order, _floats(data, machine, bits, mark))


def running() -> Identity | None:
    """The identity of the interpreter; None where it is no ELF file (macOS, Windows)."""
    import sys

    for path in ("/proc/self/exe", sys.executable):
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs more than the rest
                return identify(file.read(_HEAD_BYTES))
        except OSError:
            continue
    return None


def _floats(data: bytes, machine: str, bits: int, mark: str) -> str:
    (flags,) = struct.unpack_from(mark + "I", data, 36 if bits == 32 else 48)
    if machine == "arm":
        return "hard" if flags & _ARM_HARD else "soft"
    if machine == "riscv":
        return "hard" if flags & 6 == _RISCV_DOUBLE else "soft"
    if machine == "mips" and bits == 32:
        return "soft" if _mips_abi(data, mark) == _MIPS_SOFT else "hard"
    return "hard"


def _mips_abi(data: bytes, mark: str) -> int | None:
    """`fp_abi` of the segment that describes it, or None without one."""
    at: int = struct.unpack_from(mark + "I", data, 28)[0]
    size, count = struct.unpack_from(mark + "HH", data, 42)
    for number in range(count):
        here = at + number * size
        if here + 8 > len(data):
            return None
        kind, offset = struct.unpack_from(mark + "II", data, here)
        if kind == _MIPS_ABIFLAGS and offset + 8 <= len(data):
            return int(data[offset + 7])
    return None
