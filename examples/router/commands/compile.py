"""`compile`: the flow table in C, where a compiler is."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from edge_infer import BadInput
from examples.router.compiled import build

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compile`."""
    parser.add_argument(
        "--compiler", metavar="COMMAND",
        help="such as 'aarch64-linux-gnu-gcc' or 'zig cc'; without it cc, gcc, clang or zig",
    )  # fmt: skip
    parser.add_argument(
        "--machine", metavar="NAME", help="what `uname -m` says where it will run; this machine's"
    )


def run(options: argparse.Namespace) -> int:
    """Build it where `replay`, `watch` and `train` look for it."""
    made = build(compiler=_words(options.compiler), machine=options.machine)
    where = "here" if options.machine is None else f"on a machine that is {options.machine}"
    print(f"{made}: replay, watch and train use it {where} from now on")
    return 0


def _words(command: str | None) -> list[str] | None:
    if command is None:
        return None
    try:
        words = shlex.split(command)
    except ValueError as error:
        words, said = [], f"{command!r}: {error}"
    else:
        said = repr(command)
    if not words:
        raise BadInput(
            "--compiler is no command",
            expected="a compiler with its options, quoted as for a shell",
            actual=said,
            hint="such as --compiler 'zig cc'; leave it out for the compiler at hand",
        )
    return words
