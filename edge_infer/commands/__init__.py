"""The commands that a device has, one file each; the other rooms add theirs.

A room registers a `Command` as an entry point of the group `edge_infer.commands`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

GROUP = "edge_infer.commands"


@dataclass(frozen=True)
class Command:
    """One subcommand. `--json` is added to every one; `run` returns the exit code."""

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def add_bundle_arguments(parser: argparse.ArgumentParser) -> None:
    """What every command takes that reads a bundle."""
    parser.add_argument("bundle", help="directory of a bundle or an artifact, or a root")
    parser.add_argument(
        "--trust",
        action="append",
        metavar="KEY.pub",
        help="public key of whoever signed it; may be given several times; a root pins it",
    )
