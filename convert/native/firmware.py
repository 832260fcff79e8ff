"""What a model takes of a microcontroller: linked for a Cortex-M with nothing beside it."""

from __future__ import annotations

import shutil
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convert.native.compilers import C_FLAGS, Compiler, run_compiler
from edge_infer.errors import Unavailable

if TYPE_CHECKING:
    from convert.native.emission import Source

GCC = "arm-none-eabi-gcc"
_FLAGS = (
    *("-mthumb", "-ffreestanding", "-DEDGE_MODEL_FREESTANDING", "-nostdlib", "-Os"),
    *("-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"),
)
_ALLOCATED, _WRITABLE, _EMPTY = 2, 1, 8


@dataclass(frozen=True)
class Footprint:
    """Bytes of read-only flash and of static RAM; a call takes `stack_bytes` of workspace more."""

    flash_bytes: int
    ram_bytes: int
    workspace_bytes: int


def link_cortex_m(source: Source, *, cpu: str = "cortex-m4", verb: str = "predict") -> Footprint:
    """Compile and link one verb for a Cortex-M without any library but the compiler's own.

    Raises:
        Unavailable: `arm-none-eabi-gcc` is not installed, or it fails.
    """
    path = shutil.which(GCC)
    if path is None:
        raise Unavailable(
            f"{GCC} is not installed", hint="apt install gcc-arm-none-eabi (Debian, Ubuntu)"
        )
    compiler = Compiler((path, f"-mcpu={cpu}"), is_gcc=True)
    entry = f"-Wl,--entry=edge_model_{verb}"
    data = run_compiler(compiler, source, [*C_FLAGS, *_FLAGS, entry], ["-lgcc"])
    flash, ram = _sizes(data)
    return Footprint(flash, ram, source.row_bytes)


def _sizes(data: bytes) -> tuple[int, int]:
    """Allocated sections of a 32-bit little-endian ELF file: read-only bytes, writable bytes."""
    (at,) = struct.unpack_from("<I", data, 32)
    size, count = struct.unpack_from("<HH", data, 46)
    flash = ram = 0
    for number in range(count):
        _, kind, flags, _, _, length = struct.unpack_from("<6I", data, at + number * size)
        if not flags & _ALLOCATED:
            continue
        if flags & _WRITABLE:
            ram += length
        if kind != _EMPTY:
            flash += length
    return flash, ram
