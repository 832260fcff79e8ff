"""Key pairs of the workstation: made, written once, and read back only while they are private.

`cryptography` is imported inside the functions: a device never calls them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.errors import BadInput, Unavailable
from edge_infer.staging import check_place
from edge_infer.trust.files import read_file, real_path, show
from edge_infer.trust.keys import MAX_KEY_BYTES, PublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import KeySerializationEncryption


def generate(stem: str | os.PathLike[str], *, passphrase: str | None = None) -> tuple[Path, Path]:
    """Make a P-256 key pair: `stem.key` (PKCS #8, mode 0600) and `stem.pub`. Returns both paths.

    Raises:
        BadInput: one of the files exists, or the passphrase is empty.
        Unavailable: `cryptography` is missing, or the files cannot be written.
    """
    _require_cryptography()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    stem = Path(stem)
    private_path, public_path = (stem.with_name(stem.name + end) for end in (".key", ".pub"))
    for path in (private_path, public_path):
        if os.path.lexists(path):
            raise _exists(path)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        _encryption(passphrase),
    )
    create(private_path, pem, mode=0o600)
    try:
        create(public_path, public_key(key).pem, mode=0o644)
    except BaseException:
        private_path.unlink()
        raise
    return private_path, public_path


def load_private_key(
    path: str | os.PathLike[str], *, passphrase: str | None = None
) -> EllipticCurvePrivateKey:
    """Read a P-256 private key that nobody but its owner can read.

    Raises:
        BadInput: it is missing, readable by others, of another kind, or the passphrase is wrong.
        Untrusted: it is not a regular file.
        Unavailable: `cryptography` is missing.
    """
    _require_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    real = real_path(path)
    pem = read_file(real, max_bytes=MAX_KEY_BYTES)
    if b"-----BEGIN PUBLIC KEY-----" in pem:
        raise BadInput(
            f"{show(real)} is a public key, which checks but cannot sign",
            expected="the private half, such as fleet.key",
            actual="a public key",
            hint=f"name the .key file beside it, perhaps {show(real.with_suffix('.key').name)}",
        )
    check_private(real)
    try:
        key = serialization.load_pem_private_key(
            pem, None if passphrase is None else passphrase.encode("utf-8")
        )
    except TypeError as error:
        raise BadInput(
            f"{show(real)} is encrypted"
            if passphrase is None
            else f"{show(real)} is not encrypted, yet a passphrase came with it",
            hint="give the passphrase" if passphrase is None else "leave the passphrase out",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadInput(
            f"{show(real)} cannot be read as a private key",
            expected="PEM" if passphrase is None else "PEM, under this passphrase",
            hint="the .key file that `edge-infer keygen` wrote signs",
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise BadInput(
            f"{show(real)} is a key of another kind",
            expected="ECDSA P-256",
            hint="make a key with `edge-infer keygen`",
        )
    return key


def public_key(key: EllipticCurvePrivateKey) -> PublicKey:
    """The public half."""
    numbers = key.public_key().public_numbers()
    return PublicKey(numbers.x, numbers.y)


def _encryption(passphrase: str | None) -> KeySerializationEncryption:
    from cryptography.hazmat.primitives import serialization

    if passphrase is None:
        return serialization.NoEncryption()
    if not passphrase:
        raise BadInput("the passphrase is empty", hint="leave it out for an unencrypted key")
    return serialization.BestAvailableEncryption(passphrase.encode("utf-8"))


def check_private(path: Path) -> None:
    """Refuse a file of secrets that others may open.

    Raises:
        BadInput: its mode lets group or others in.
    """
    # Windows has no such mode; there the folder's access list guards the key.
    mode = path.stat().st_mode & 0o777
    if os.name == "posix" and mode & 0o077:
        raise BadInput(
            f"{show(path)} can be read or changed by others",
            expected="mode 0600",
            actual=f"mode {mode:04o}",
            hint=f"`chmod 600 {show(path)}`, and make a new key if others may have read it",
        )


def create(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file that did not exist, and sync it; on an error it does not exist again.

    Raises:
        BadInput: it exists, or there is no directory for it, or a signed one.
        Unavailable: it cannot be written.
    """
    check_place(path)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink()
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"cannot write {show(path)}",
        actual=error.strerror,
        hint="choose a directory that you may write to and that has room",
    )


def _exists(path: Path) -> BadInput:
    return BadInput(
        f"{show(path)} exists already",
        hint="keys are never overwritten: choose another name, or move the old one away",
    )


def _require_cryptography() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise Unavailable(
            "keys and signatures are made with the package `cryptography`",
            hint="pip install cryptography, on the workstation; a device needs no private key",
        ) from error
