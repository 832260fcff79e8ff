"""Run a C compiler: the host's, Debian's cross compilers, or PyPI's `ziglang`.

Every compiler gets the same freestanding source and the same rules of arithmetic: no fused
products, no reordering, no libc. What it prints is what the user reads when it fails.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from convert.native.targets import host_target
from edge_infer.engines.elf import TARGETS, identify
from edge_infer.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from convert.native.emission import Source
    from convert.native.targets import Target

C_FLAGS = (
    *("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic"),
    *("-ffp-contract=off", "-fno-math-errno", "-fno-strict-aliasing"),
)
"""Of every build; `docs/native.md` tells firmware programmers the same."""

_GCC_FLAGS = ("-ftree-vectorize", "-fvect-cost-model=dynamic")
_SHARED_FLAGS = (
    *("-ffreestanding", "-DEDGE_MODEL_FREESTANDING", "-fvisibility=hidden", "-fPIC"),
    *("-fno-asynchronous-unwind-tables", "-shared", "-nostdlib", "-s"),
    *("-Wl,--build-id=none", "-Wl,-z,defs", "-Wl,-z,noexecstack"),
)
_COMPACT_FLAGS = ("-Wl,-z,noseparate-code", "-Wl,-z,max-page-size=4096")
"""One segment instead of padded ones, where pages have four kilobytes."""
_LARGE_PAGES = ("aarch64", "mips", "mips-sf", "mipsel", "mipsel-sf")
_TIMEOUT_S = 1800


@dataclass(frozen=True)
class Compiler:
    """A command that compiles C for one target."""

    command: tuple[str, ...]
    is_gcc: bool
    is_zig: bool = False


def find_compiler(target: Target) -> Compiler:
    """The compiler for a target: the host's own first, then Debian's, then zig.

    Raises:
        Unavailable: there is none.
    """
    if (host := _host()) is not None and target.name == host.name:
        for name in ("cc", "gcc", "clang"):
            if (path := shutil.which(name)) is not None:
                return Compiler((path, *target.flags), _is_gcc(path))
    if target.gcc is not None and (path := shutil.which(target.gcc)) is not None:
        return Compiler((path, *target.flags), is_gcc=True)
    if importlib.util.find_spec("ziglang") is not None:
        return Compiler(
            (sys.executable, "-m", "ziglang", "cc", "-target", target.zig),
            is_gcc=False,
            is_zig=True,
        )
    package = f"gcc-{target.gcc.removesuffix('-gcc').replace('_', '-')}" if target.gcc else ""
    debian = f", or apt install {package}" if package else ""
    raise Unavailable(
        f"no compiler for {target.name} is installed",
        expected="cc for this machine, Debian's cross compiler or zig",
        hint=f"pip install ziglang{debian}",
    )


def compile_shared(source: Source, target: Target, *, compiler: Compiler | None = None) -> bytes:
    """The bytes of a shared object that needs nothing.

    Raises:
        Unavailable: there is no compiler, or it fails.
    """
    compiler = compiler or find_compiler(target)
    flags = [*C_FLAGS, *_SHARED_FLAGS]
    if compiler.is_gcc:
        flags += _GCC_FLAGS
        flags += () if target.name in _LARGE_PAGES else _COMPACT_FLAGS
    else:
        flags.append("-Wl,--gc-sections")
    # Soft floats are functions of the compiler's own library, linked in where they are called.
    tail = ["-lgcc"] if compiler.is_gcc else ["-lcompiler_rt"] if compiler.is_zig else []
    data = run_compiler(compiler, source, flags, tail)
    found = identify(data)
    if found is None or found.target != target.name:
        raise Unavailable(
            f"the compiler for {target.name} made something for another processor",
            expected=TARGETS[target.name],
            actual=found,
            hint=" ".join(compiler.command),
        )
    return data


def run_compiler(
    compiler: Compiler,
    source: Source,
    flags: list[str],
    tail: list[str],
    *,
    extra: dict[str, str] | None = None,
) -> bytes:
    """Compile `edge_model.c` and what is in `extra` (name to C) in a directory of its own.

    Raises:
        Unavailable: the compiler cannot be run, fails or takes too long; shows what it said.
    """
    with tempfile.TemporaryDirectory(prefix="edge-infer-cc-") as directory:
        files = {"edge_model.c": source.c, "edge_model.h": source.h, **(extra or {})}
        for name, text in files.items():
            Path(directory, name).write_text(text)
        names = [name for name in files if name.endswith(".c")]
        command = [*compiler.command, *flags, *names, "-o", "edge_model.out", *tail]
        try:
            ended = subprocess.run(  # noqa: S603 - a compiler that was looked up, on our source
                command,
                cwd=directory,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable("the C compiler cannot be run", actual=error) from error
        if ended.returncode:
            said = (ended.stderr or ended.stdout).strip()
            raise Unavailable(
                "the C compiler failed",
                expected=" ".join(command),
                actual=f"exit status {ended.returncode}\n{said[-4000:]}",
                hint="nothing was written; choose another compiler or target",
            )
        return Path(directory, "edge_model.out").read_bytes()


def _host() -> Target | None:
    try:
        return host_target()
    except BadInput:
        return None


def _is_gcc(path: str) -> bool:
    try:
        ended = subprocess.run(  # noqa: S603 - asks a compiler for its version
            [path, "--version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "clang" not in ended.stdout
