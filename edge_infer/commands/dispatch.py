"""From the command line to one command, and from its errors to exit codes.

0 worked · 1 a bug · 2 wrong usage · 3 and up the errors of `edge_infer.errors` · 130 interrupted
· 141 whoever read the output stopped reading. Errors are text on stderr, and with `--json` an
object on stdout, so that a script reads one stream.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import TYPE_CHECKING

from edge_infer.commands import GROUP, Command
from edge_infer.commands.output import print_json
from edge_infer.errors import EdgeInferError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OWN = {
    name: f"edge_infer.commands.{name}:{name.upper()}"
    for name in ("verify", "info", "predict", "selftest", "bench", "trust")
}

WORKSTATION = ("keygen", "sign", "inspect", "convert", "bundle", "push")
"""Commands of rooms that a device may lack."""

INTERRUPTED, BROKEN_PIPE = 130, 141
"""What a shell reports for SIGINT and SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    argv = sys.argv[1:] if argv is None else list(argv)
    wants_json = "--json" in argv
    try:
        code = _run(argv)
        sys.stdout.flush()
    except EdgeInferError as error:
        return _report(error, wants_json)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python would complain once more when it flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code


def _run(argv: Sequence[str]) -> int:
    name = argv[0] if argv else ""
    commands = [_own(name)] if name in OWN else _find(name)
    parser = argparse.ArgumentParser(
        prog="edge-infer", description="Signed scikit-learn models on small offline devices."
    )
    from edge_infer import __version__

    parser.add_argument("--version", action="version", version=f"edge-infer {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in commands:
        sub = subparsers.add_parser(command.name, help=command.help, description=command.help)
        sub.add_argument("--json", action="store_true", help="print JSON for scripts")
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    arguments = parser.parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    return run(arguments)


def _own(name: str) -> Command:
    module, _, attribute = OWN[name].partition(":")
    command: Command = getattr(importlib.import_module(module), attribute)
    return command


def _find(name: str) -> list[Command]:
    """The one command of that name from another room, or all there are, for help and usage."""
    from importlib.metadata import entry_points

    registered = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name in registered:
        try:
            command: Command = registered[name].load()
        except ImportError as error:
            raise _not_here(name, error) from error
        return [command]
    if name in WORKSTATION:
        raise _not_here(name, None)
    others = []
    for entry in registered.values():
        try:
            others.append(entry.load())
        except ImportError:
            others.append(_absent(entry.name))
    return [*map(_own, OWN), *others]


def _absent(name: str) -> Command:
    """What `--help` lists for a command whose room cannot be imported here."""

    def run(_arguments: argparse.Namespace) -> int:
        raise _not_here(name, None)

    return Command(name, "(a workstation's: needs edge-infer[convert])", lambda _: None, run)


def _not_here(name: str, error: ImportError | None) -> Unavailable:
    return Unavailable(
        f"the command {name} belongs to the workstation and is not installed here",
        actual=error,
        hint="on the workstation: pip install 'edge-infer[convert]'",
    )


def _report(error: EdgeInferError, wants_json: bool) -> int:
    if wants_json:
        print_json(error.to_json())
    else:
        print(f"edge-infer: {type(error).__name__}: {error}", file=sys.stderr)
    return error.exit_code
