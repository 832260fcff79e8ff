"""Wrong usage: argparse's complaint as text, or as the object that `--json` promises."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from edge_infer.commands.standard_output import say

EXIT_CODE = 2


class Misused(Exception):
    """The command line is not one of this program's."""

    def __init__(self, parser: argparse.ArgumentParser, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.program = parser.prog
        self.usage = parser.format_usage()

    def __str__(self) -> str:
        return f"{self.usage}{self.program}: error: {self.message}"

    def to_json(self) -> dict[str, object]:
        """Of the same fields as the errors of `edge_infer.errors`."""
        return {
            "error": "Usage",
            "exit_code": EXIT_CODE,
            "what": self.message,
            "expected": " ".join(self.usage.removeprefix("usage:").split()),
            "actual": None,
            "hint": f"{self.program} --help",
        }


class Parser(argparse.ArgumentParser):
    """Raises where argparse would print and exit; its subcommands' parsers are of this class."""

    def error(self, message: str) -> NoReturn:
        """Raises: Misused."""
        raise Misused(self, message)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Where argparse prints help and version: later releases of it hide a full disk."""
        if file is sys.stdout:
            say(message.rstrip("\n"))
        else:
            super()._print_message(message, file)
