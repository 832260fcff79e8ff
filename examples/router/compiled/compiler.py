"""Compiles the flow table, with whatever C compiler is at hand.

The file's name holds the digest of the sources: one that was built from others is not loaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from edge_infer import BadInput, Unavailable

HERE = Path(__file__).parent
BUILT = HERE / "built"
SOURCES = tuple(
    HERE / f"{name}.c"
    for name in ("fragments", "hosts", "opening", "payload", "row", "table", "dissect")
)
HEADER = HERE / "flows.h"
FLAGS = (
    "-O2", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-shared", "-fPIC", "-fvisibility=hidden",
    "-ffp-contract=off",  # a fused multiply-add would give other bits than Python
)  # fmt: skip
COMPILERS = ("cc", "gcc", "clang")


@cache
def built() -> Path | None:
    """The compiled table for this machine, None where there is none of these sources."""
    path = BUILT / _name(platform.machine())
    return path if path.is_file() else None


def build(
    *, compiler: list[str] | None = None, machine: str | None = None, folder: Path | None = None
) -> Path:
    """Compile for this machine, or with a compiler for another one, as `uname -m` names it.

    Raises:
        Unavailable: there is no compiler, it failed, or its product cannot be kept.
        BadInput: no machine has such a name, or it is another one and no compiler for it is named.
    """
    wanted = platform.machine() if machine is None else machine
    if not wanted.replace("_", "").isalnum():
        raise BadInput("no machine's name", expected="what `uname -m` says", actual=repr(wanted))
    if compiler is None and wanted != platform.machine():
        raise BadInput(
            "the compiler at hand compiles for this machine",
            expected=f"a compiler for {wanted}, named",
            actual=f"a machine that is {platform.machine()}",
            hint="such as --compiler 'aarch64-linux-gnu-gcc' or 'zig cc -target aarch64-linux-gnu'",
        )
    words = compiler or _compiler()
    path = (folder or BUILT) / _name(wanted)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
            made = Path(temporary) / path.name
            _compile(words, made)
            made.replace(path)
        for old in path.parent.glob(path.name.replace(path.stem[-16:], "*")):
            if old != path:
                old.unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(
            f"{path.parent} cannot be written",
            expected="a directory of one's own",
            actual=error.strerror or str(error),
            hint="without the compiled flow table the one in Python serves",
        ) from error
    built.cache_clear()
    return path


def _compile(words: list[str], made: Path) -> None:
    try:
        done = subprocess.run(
            [*words, *FLAGS, "-o", str(made), *map(str, SOURCES)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        said, is_made = done.stderr.strip()[-600:], done.returncode == 0 and made.is_file()
    except OSError as error:
        said, is_made = error.strerror or str(error), False
    if not is_made:
        raise Unavailable(
            "the flow table was not compiled",
            expected="a C11 compiler",
            actual=f"{' '.join(words)}: {said}",
            hint="without it the table in Python serves",
        )


def _compiler() -> list[str]:
    for name in COMPILERS:
        found = shutil.which(name)
        if found is not None:
            return [found]
    if importlib.util.find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc"]
    raise Unavailable(
        "no C compiler is installed",
        expected=", ".join(COMPILERS),
        hint="apt install gcc, or pip install ziglang; without one the table in Python serves",
    )


def _name(machine: str) -> str:
    digest = hashlib.sha256("\0".join(FLAGS).encode())
    for path in (HEADER, *SOURCES):
        digest.update(path.read_bytes())
    return f"flows-{machine}-{digest.hexdigest()[:16]}.so"
