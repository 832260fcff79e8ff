"""`python -m examples.router`: replay recorded traffic, watch an interface, train a model."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from typing import TYPE_CHECKING

from edge_infer import EdgeInferError, Unavailable

if TYPE_CHECKING:
    from types import ModuleType

COMMANDS = {
    "replay": "judge the flows of capture files",
    "watch": "judge the flows of an interface as they come",
    "compile": "build the flow table in C, for several times the speed",
    "train": "make a signed bundle from labelled captures",
}


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status, that of the error where it was refused."""
    parser = argparse.ArgumentParser("python -m examples.router", description=__doc__)
    verbs = parser.add_subparsers(dest="command", required=True)
    for name, help_text in COMMANDS.items():
        command = _command(name)
        command.add_arguments(verbs.add_parser(name, help=help_text, description=help_text))
    options = parser.parse_args(arguments)
    try:
        status: int = _command(options.command).run(options)
        sys.stdout.flush()
    except EdgeInferError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read the output has enough; what Python still holds must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno not in FULL:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"Unavailable: the output cannot be written: {error.strerror}", file=sys.stderr)
        print("  to do:    make room, or send it elsewhere", file=sys.stderr)
        return Unavailable.exit_code
    return status


def _command(name: str) -> ModuleType:
    return importlib.import_module(f"examples.router.commands.{name}")


if __name__ == "__main__":
    sys.exit(main())
