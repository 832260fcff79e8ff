"""A private key for a command that signs; its passphrase comes from the terminal alone.

An argument would stand in the shell's history and in the list of processes, and a variable in
the environment of every child.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


def read_private_key(path: str | os.PathLike[str]) -> EllipticCurvePrivateKey:
    """Read a `.key` file, asking for the passphrase where it is encrypted.

    Raises:
        BadInput: it cannot be used, or is encrypted and there is no terminal to ask at.
    """
    from edge_infer.trust import read_file
    from edge_infer.trust.keygen import load_private_key
    from edge_infer.trust.keys import MAX_KEY_BYTES

    pem = read_file(Path(os.path.realpath(path)), max_bytes=MAX_KEY_BYTES)
    if b"ENCRYPTED" not in pem:
        return load_private_key(path)
    return load_private_key(path, passphrase=_ask(f"Passphrase of {path}: "))


def ask_new_passphrase() -> str:
    """A passphrase that was typed twice alike.

    Raises:
        BadInput: the two differ, or there is no terminal to ask at.
    """
    first = _ask("New passphrase: ")
    if _ask("The same again: ") != first:
        raise BadInput("the two passphrases differ", hint="run it again")
    return first


def _ask(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise BadInput(
            "a passphrase is needed and there is no terminal to ask at",
            expected="a terminal",
            actual="standard input is a pipe or a file",
            hint="run it in a terminal, or use a key without a passphrase on a machine of trust",
        )
    return getpass.getpass(prompt)
