"""Options that more than one command has."""

from __future__ import annotations

import argparse
import math

from examples.router.compiled.choice import KINDS


def positive(text: str) -> float:
    """A number of seconds, as `argparse` reads it."""
    found = float(text)
    if not 0 < found < math.inf:
        raise ValueError(text)
    return found


def queue_number(text: str) -> int:
    """A number of a kernel's packet queue, as `argparse` reads it."""
    found = int(text)
    if not 0 <= found < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text} is no queue: they are numbered 0 to 65535")
    return found


def mebibytes(text: str) -> int:
    """A size of the kernel's ring, as `argparse` reads it."""
    found = int(text)
    if not 1 <= found <= 1024:
        raise argparse.ArgumentTypeError(f"{text} is no size of a ring: from 1 to 1024 MB")
    return found


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Which bundle judges, who vouches for it, and on what it runs."""
    parser.add_argument("--bundle", metavar="DIR", help="the model; without it the shipped one")
    parser.add_argument(
        "--trust", metavar="FILE", help="public key that signed it; without it the shipped one's"
    )
    parser.add_argument("--engine", choices=("onnxruntime", "native"), help="force an engine")


def add_table_option(parser: argparse.ArgumentParser) -> None:
    """Which flow table takes the packets."""
    parser.add_argument(
        "--table", choices=KINDS, help="force a flow table; without it the compiled one if built"
    )
