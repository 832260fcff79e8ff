"""Options that more than one command has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.router.compiled.choice import KINDS

if TYPE_CHECKING:
    import argparse


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
