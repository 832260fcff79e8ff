"""The kinds of device that a model is compiled for, and who compiles for them."""

from __future__ import annotations

import difflib
import platform
from dataclasses import dataclass, replace

from edge_infer.engines.elf import TARGETS as IDENTITIES
from edge_infer.engines.elf import running
from edge_infer.errors import BadInput


@dataclass(frozen=True)
class Target:
    """One processor with one float convention. Names are `edge_infer`'s."""

    name: str
    zig: str
    """Target triple of `zig cc`; musl, though no libc is linked."""
    gcc: str | None
    """Debian's cross compiler; None where its own libraries have the other float convention."""
    flags: tuple[str, ...] = ()
    is_executable: bool = False
    """A static program instead of a shared object: asked for as `NAME:exe`."""

    @property
    def label(self) -> str:
        """What the user asks for, and what the contract names."""
        return f"{self.name}:exe" if self.is_executable else self.name


_ALL = (
    Target("x86_64", "x86_64-linux-musl", "x86_64-linux-gnu-gcc"),
    Target("aarch64", "aarch64-linux-musl", "aarch64-linux-gnu-gcc"),
    Target("armv7hf", "arm-linux-musleabihf", "arm-linux-gnueabihf-gcc"),
    Target("armv7", "arm-linux-musleabi", "arm-linux-gnueabi-gcc"),
    Target("riscv64", "riscv64-linux-musl", "riscv64-linux-gnu-gcc"),
    Target("mips", "mips-linux-musleabihf", "mips-linux-gnu-gcc"),
    Target("mips-sf", "mips-linux-musleabi", None),
    Target("mipsel", "mipsel-linux-musleabihf", "mipsel-linux-gnu-gcc"),
    Target("mipsel-sf", "mipsel-linux-musleabi", None),
)
TARGETS = {target.name: target for target in _ALL}
assert TARGETS.keys() == IDENTITIES.keys()

HOST, ALL, EXE = "host", "all", "exe"


def named_targets(names: str | tuple[str, ...]) -> tuple[Target, ...]:
    """`host`, `all`, or target names separated by commas, with `:exe` for a static program.

    Raises:
        BadInput: there is no such target, or this machine is none.
    """
    wanted = names.split(",") if isinstance(names, str) else list(names)
    found: dict[str, Target] = {}
    for name in (name.strip() for name in wanted):
        if name == ALL:
            found.update(TARGETS)
            continue
        plain, colon, kind = name.partition(":")
        known = host_target() if plain == HOST else TARGETS.get(plain)
        if known is None or (colon and kind != EXE):
            raise BadInput(
                "no such target",
                expected=f"{', '.join([HOST, ALL, *TARGETS])}, or one of them with :{EXE}",
                actual=repr(name),
                hint=_near(plain),
            )
        known = replace(known, is_executable=bool(colon))
        found[known.label] = known
    return tuple(found.values())


def host_target() -> Target:
    """This machine.

    Raises:
        BadInput: it is none of the targets.
    """
    mine = running()
    if mine is None or mine.target is None:
        raise BadInput(
            "this machine is none of the native targets",
            expected=", ".join(TARGETS),
            actual=f"{platform.system()} {platform.machine()}",
            hint="name the devices' targets",
        )
    return TARGETS[mine.target]


def _near(name: str) -> str:
    near = difflib.get_close_matches(name, [HOST, ALL, *TARGETS], n=1, cutoff=0.4)
    return f"perhaps {near[0]} is meant" if near else "name one of these, commas between several"
