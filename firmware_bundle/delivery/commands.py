"""The workstation's command `push`."""

from __future__ import annotations

import dataclasses
import shlex
from typing import TYPE_CHECKING

from edge_infer.commands import Command
from edge_infer.commands.output import print_json, print_table
from firmware_bundle.delivery.push import push

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="directory of a bundle")
    parser.add_argument("place", metavar="USER@HOST:ROOT", help="the device and its directory")
    parser.add_argument("--trust", metavar="KEY.pub", help="whom a new device is to pin")
    parser.add_argument("--health", metavar="COMMAND", help="run there; 0 lets the version serve")
    parser.add_argument("--later", action="store_true", help="leave the trial to the next start")
    parser.add_argument(
        "--ssh", default="ssh", metavar="COMMAND", help="such as 'ssh -p 2222' (default: ssh)"
    )
    parser.add_argument(
        "--python", default="python3", metavar="PATH", help="of the device (default: python3)"
    )


def _run(arguments: argparse.Namespace) -> int:
    done = push(
        arguments.bundle,
        arguments.place,
        trust=arguments.trust,
        health=arguments.health,
        later=arguments.later,
        ssh=shlex.split(arguments.ssh),
        python=arguments.python,
    )
    if arguments.json:
        print_json(dataclasses.asdict(done))
        return 0
    print_table(
        {
            "device": arguments.place,
            "version": done.version,
            "before": done.previous or "nothing",
            "sent": f"{done.sent_bytes:,} bytes, {done.sent_files} of {done.all_files} files",
            "verdict": "on trial at the next start" if done.on_trial else "passed, serves",
        }
    )
    return 0


PUSH = Command("push", "send a bundle to a device over ssh and install it", _add_arguments, _run)
