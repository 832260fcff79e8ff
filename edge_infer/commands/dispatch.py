"""From the command line to one command, and from its errors to exit codes.

0 worked · 1 a bug · 2 wrong usage · 3 and up the errors of `edge_infer.errors` · 130 interrupted
· 141 whoever read the output stopped reading · 129, 143 hung up on, asked to end. Errors are text
on stderr, and with `--json` an object on stdout, so that a script reads one stream.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from typing import TYPE_CHECKING

from edge_infer.commands import GROUP, Command, standard_output, usage
from edge_infer.commands.output import print_json
from edge_infer.commands.usage import Misused, Parser
from edge_infer.errors import EdgeInferError, Unavailable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

OWN = {
    name: f"edge_infer.commands.{name}:{name.upper()}"
    for name in ("verify", "info", "predict", "selftest", "bench", "trust")
}

WORKSTATION = ("keygen", "sign", "inspect", "convert", "bundle", "push", "serve-phone")
"""Commands of rooms that a device may lack."""

INTERRUPTED, BROKEN_PIPE = 130, 141
"""What a shell reports for SIGINT and SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    argv = sys.argv[1:] if argv is None else list(argv)
    try:
        try:
            return _answer(argv, wants_json="--json" in argv)
        finally:
            standard_output.flush()
    except standard_output.Refused as refused:
        standard_output.silence()
        if isinstance(refused.error, BrokenPipeError):
            return BROKEN_PIPE
        return _report(_no_output(refused.error), wants_json=False)


def _answer(argv: Sequence[str], *, wants_json: bool) -> int:
    try:
        return _run(argv)
    except EdgeInferError as error:
        return _report(error, wants_json=wants_json)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Misused as error:
        if wants_json:
            print_json(error.to_json())
        else:
            _complain(str(error))
        raise SystemExit(usage.EXIT_CODE) from None


def _run(argv: Sequence[str]) -> int:
    name = argv[0] if argv else ""
    commands = [_own(name)] if name in OWN else _find(name)
    parser = Parser(
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
    with _unwound_by_signals() if name in WORKSTATION else contextlib.nullcontext():
        return run(arguments)


def _unwound_by_signals() -> AbstractContextManager[None]:
    # Imported here: what runs on a device leaves nothing behind, and starts quickly.
    from edge_infer.commands.signals import unwound

    return unwound()


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

    return Command(name, "(a workstation's, not installed here)", lambda _: None, run)


def _not_here(name: str, error: ImportError | None) -> Unavailable:
    return Unavailable(
        f"the command {name} belongs to the workstation and is not installed here",
        actual=error,
        hint="on the workstation, in a checkout of edge-infer: pip install '.[runtime,convert]'",
    )


def _no_output(error: OSError) -> Unavailable:
    return Unavailable(
        "the output cannot be written: what was printed is not whole",
        expected="a standard output that takes it",
        actual=error.strerror or error,
        hint="make room where it goes, then run it again",
    )


def _report(error: EdgeInferError, *, wants_json: bool) -> int:
    if wants_json:
        print_json(error.to_json())
    else:
        _complain(f"edge-infer: {type(error).__name__}: {error}")
    return error.exit_code


def _complain(text: str) -> None:
    # Where standard error takes nothing, the exit code still says it; what stays in its buffer
    # would change that code when Python flushes at its end.
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
