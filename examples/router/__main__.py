"""`python -m examples.router`: replay recorded traffic, watch an interface, train a model."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import TYPE_CHECKING

from examples.router.ending import exit_status

if TYPE_CHECKING:
    from types import ModuleType

COMMANDS = {
    "replay": "judge the flows of capture files",
    "watch": "judge the flows of an interface as they come",
    "compile": "build the flow table in C, for several times the speed",
    "train": "make a signed bundle from labelled captures",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status, that of the error where it was refused."""
    parser = argparse.ArgumentParser("python -m examples.router", description=__doc__)
    verbs = parser.add_subparsers(dest="command", required=True)
    for name, help_text in COMMANDS.items():
        command = _command(name)
        command.add_arguments(verbs.add_parser(name, help=help_text, description=help_text))
    options = parser.parse_args(arguments)
    return exit_status(lambda: _command(options.command).run(options))


def _command(name: str) -> ModuleType:
    return importlib.import_module(f"examples.router.commands.{name}")


if __name__ == "__main__":
    sys.exit(main())
