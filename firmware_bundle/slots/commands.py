"""The device's commands `install`, `status`, `rollback` and `gc`."""

from __future__ import annotations

import dataclasses
import shlex
from typing import TYPE_CHECKING

from edge_infer.commands import Command
from edge_infer.commands.output import columns, print_json, print_table
from edge_infer.errors import BadInput, Untrusted
from firmware_bundle.slots import gc, install, rollback, status
from firmware_bundle.slots.trial import run_trial

if TYPE_CHECKING:
    import argparse

    from firmware_bundle.slots import Overview


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("root", metavar="ROOT", help="the device's directory")


def _add_budget(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--budget",
        type=int,
        default=0,
        metavar="BYTES",
        help="keep older versions while all of them together fit; default: only the previous one",
    )


def _add_install(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="directory or .tar")
    _add_root(parser)
    parser.add_argument(
        "--trust",
        action="append",
        metavar="KEY.pub",
        help="whom the device is to trust: needed the first time, pinned from then on",
    )
    parser.add_argument(
        "--health", metavar="COMMAND", help="your own check; exit status 0 lets the version serve"
    )
    parser.add_argument(
        "--later", action="store_true", help="leave the trial to the next start of the model"
    )
    _add_budget(parser)


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise BadInput(
            "the health check cannot be split into words",
            expected="a command as a shell reads it",
            actual=f"{command!r}: {error}",
            hint="close the quotation, or put the command into a script",
        ) from None


def _install(arguments: argparse.Namespace) -> int:
    done = install(
        arguments.bundle,
        arguments.root,
        trust=arguments.trust,
        health=None if arguments.health is None else _words(arguments.health),
        trial=None if arguments.later else run_trial,
        budget_bytes=arguments.budget,
    )
    if arguments.json:
        print_json(dataclasses.asdict(done))
        return 0
    print_table(
        {
            "root": arguments.root,
            "version": done.version,
            "before": done.previous or "nothing",
            "copied": f"{done.copied_bytes:,} bytes",
            "removed": done.removed or "nothing",
            "verdict": "on trial at the next start" if done.on_trial else "passed, serves",
        }
    )
    return 0


def _status(arguments: argparse.Namespace) -> int:
    found = status(arguments.root)
    if arguments.json:
        print_json({**dataclasses.asdict(found), "root": str(found.root), "damaged": found.damaged})
    else:
        print_table(_lines(found))
    return Untrusted.exit_code if found.damaged else 0


def _lines(found: Overview) -> dict[str, object]:
    rows = [(v.name, f"{v.size_bytes:,} bytes", v.fault or "verified") for v in found.versions]
    return {
        "root": found.root,
        "state": "read" if found.state_readable else "cannot be read: the next start makes one",
        "current": _marked(found, found.current),
        "previous": _marked(found, found.previous),
        "on trial": found.trial
        and f"{_marked(found, found.trial)}, started {found.attempts} times",
        "failed": found.failed,
        "floors": [f"{key}: {number}" for key, number in found.floors.items()],
        "versions": columns(rows) if rows else None,
    }


def _marked(found: Overview, name: str | None) -> str | None:
    fault = None if name is None else found.damaged.get(name)
    return name if fault is None else f"{name}, DAMAGED: {fault}"


def _rollback(arguments: argparse.Namespace) -> int:
    state = rollback(arguments.root)
    if arguments.json:
        print_json({"current": state.current, "previous": state.previous})
    else:
        print_table({"current": state.current, "previous": state.previous})
    return 0


def _add_gc(parser: argparse.ArgumentParser) -> None:
    _add_root(parser)
    _add_budget(parser)


def _gc(arguments: argparse.Namespace) -> int:
    removed = gc(arguments.root, budget_bytes=arguments.budget)
    if arguments.json:
        print_json({"removed": removed})
    else:
        print_table({"removed": removed or "nothing"})
    return 0


INSTALL = Command(
    "install", "install a bundle so that it survives power cuts", _add_install, _install
)
STATUS = Command("status", "show and verify what is installed", _add_root, _status)
ROLLBACK = Command("rollback", "let the previous version serve again", _add_root, _rollback)
GC = Command("gc", "remove old versions", _add_gc, _gc)
