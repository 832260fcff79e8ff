"""Sign files as OpenSSF Model Signing v1.0: the workstation's half.

What is signed here was read back and verified by the device's own verifier before it is
returned. `cryptography` is imported inside the functions: a device never calls them.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edge_infer.errors import BadInput
from edge_infer.trust.authority import verify_statement
from edge_infer.trust.envelope import MAX_BYTES, Envelope, pae, write_envelope
from edge_infer.trust.files import hash_file
from edge_infer.trust.keygen import load_private_key, public_key
from edge_infer.trust.statement import SINGLE_FILE, Statement, check_names, write_statement
from edge_infer.trust.verify import SIGNATURE_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

SigningKey: TypeAlias = "str | os.PathLike[str] | EllipticCurvePrivateKey"
"""The path of an unencrypted .key file, or what `keygen.load_private_key` returned."""


def sign_tree(files: Mapping[str, bytes | Path], *, key: SigningKey, name: str) -> bytes:
    """The content of `model.sig` for a directory that holds exactly `files` beside it.

    `files` maps each name, `/` between its parts, to its bytes or to where to read them.
    `name` is informative; the stock tool writes the directory's own.

    Raises:
        BadInput: a name is not fit for every device, or the key or a file is missing.
        Untrusted: a file is a link or not a regular file.
    """
    if SIGNATURE_NAME in files:
        raise BadInput(f"{SIGNATURE_NAME} cannot list itself")
    if SINGLE_FILE in files:
        raise BadInput(f"{SINGLE_FILE!r} is no file's name", hint="sign a single file as one")
    check_names(list(files), BadInput)
    digests = {one: _sha256(source) for one, source in files.items()}
    return _sign(Statement.of(name, digests), key, ignore_paths=(SIGNATURE_NAME,))


def sign_file(path: str | os.PathLike[str], *, key: SigningKey) -> bytes:
    """The content of the signature file for one file, such as a pickle; writes nothing.

    Raises: as `sign_tree`.
    """
    path = Path(path)
    return _sign(Statement.of(path.name, {SINGLE_FILE: _sha256(path)}), key)


def _sign(statement: Statement, key: SigningKey, *, ignore_paths: tuple[str, ...] = ()) -> bytes:
    if isinstance(key, str | os.PathLike):
        key = load_private_key(key)
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256

    payload = write_statement(statement, ignore_paths=ignore_paths)
    # RFC 6979: the same files and key give the same signature, so a release can be made again.
    signature = key.sign(pae(payload), ec.ECDSA(SHA256(), deterministic_signing=True))
    public = public_key(key)
    data = write_envelope(Envelope(payload, (signature,), public.hint))
    if len(data) > MAX_BYTES:
        raise BadInput(
            "too many files for one signature",
            expected=f"a signature file of at most {MAX_BYTES} bytes",
            actual=f"{len(statement.resources)} files, {len(data)} bytes",
            hint="pack files that belong together into an archive",
        )
    verified = verify_statement(data, [public])
    assert verified.statement == statement
    return data


def _sha256(source: bytes | Path) -> str:
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    return hash_file(source, keep=False).sha256
