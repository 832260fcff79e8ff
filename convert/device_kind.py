"""The kinds of device that `--target` may name; `firmware_bundle` says what each of them is."""

from __future__ import annotations

import difflib

from edge_infer.errors import BadInput

KINDS = (
    "generic",
    "linux-x86-64",
    "raspberry-pi-64",
    "raspberry-pi-32",
    "openwrt-arm",
    "openwrt-mips",
    "riscv64",
    "phone",
)


def check_kind(name: str) -> None:
    """Refuse a target that no bundle could be made for: it would be signed, and of no use.

    Raises:
        BadInput: there is no such kind.
    """
    if name not in KINDS:
        near = difflib.get_close_matches(name, KINDS, n=1)
        raise BadInput(
            "the target is not known",
            expected=", ".join(KINDS),
            actual=name,
            hint=f"perhaps {near[0]} is meant" if near else "leave --target out for any device",
        )
