"""The decisions: whose signature holds over which payload, and do the files match it.

The order is fixed: the signature over the raw payload first, its meaning second, the files
last. Nothing here returns a verdict that a caller could forget to look at: what is not
trusted is raised, and what is returned exists only because it was verified.
"""

from __future__ import annotations

import os

from edge_infer.errors import BadInput, Untrusted
from edge_infer.trust.authority import authorise
from edge_infer.trust.digest import sha256
from edge_infer.trust.envelope import MAX_BYTES
from edge_infer.trust.files import ReadFile, hash_file, read_file, real_name, show
from edge_infer.trust.pins import PUBLISHER, TRAINER, Pin, check_moment
from edge_infer.trust.sources import Trust, read_pins
from edge_infer.trust.statement import SINGLE_FILE, Statement
from edge_infer.trust.tree import list_tree
from edge_infer.values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import InitVar
    from datetime import datetime
    from pathlib import Path

    from edge_infer.trust.keys import PublicKey

SIGNATURE_NAME = "model.sig"

_NAMES_SHOWN = 10
_MappingProxy = type(type.__dict__)
"""`types.MappingProxyType`, without importing `types`."""
_SEAL = object()
"""Only this module holds it, so only its verifier builds the type below."""


def _check_seal(seal: object) -> None:
    if seal is not _SEAL:
        raise TypeError("only a verifier of edge_infer.trust builds this type")


@dataclass(frozen=True)
class VerifiedTree:
    """A directory whose every file `pin.key` signed, as it was when it was read."""

    path: str
    """The directory's own, free of links."""
    pin: Pin
    statement: Statement
    files: Mapping[str, bytes] = field(repr=False)
    """Name to the bytes that were hashed, for the names that `keep` chose. Use these."""
    sizes: Mapping[str, int]
    """Name to size in bytes, for every listed file."""
    signature_sha256: str
    """Hexadecimal SHA-256 of the signature file."""
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        _check_seal(seal)

    @property
    def root(self) -> Path:
        """`path` as a Path."""
        from pathlib import Path

        return Path(self.path)

    @property
    def key(self) -> PublicKey:
        """The key that signed."""
        return self.pin.key


def verify_tree(
    root: str | os.PathLike[str],
    trust: Trust,
    *,
    keep: Callable[[str], bool] = lambda _name: True,
    role: str = PUBLISHER,
    moment: datetime | None = None,
) -> VerifiedTree:
    """Verify that `root`'s signature lists exactly its files, reading each of them once.

    `keep` says by name whose bytes stay in memory; the others are hashed block by block.
    `role` is what the signer must be pinned as; `moment` is when the key must be valid, None on a
    device, whose clock may say anything (`moments.py` is for what it installs).

    Raises:
        Untrusted: the signature does not hold, a file is extra, missing or changed, or there is
            a link or a special file.
        BadInput: `root` is not a directory, or a trust file cannot be found.
        Unavailable: a file cannot be read.
    """
    pins = read_pins(trust)
    real = real_name(root)
    signature = _read_signature(real)
    pin, statement = authorise(signature, pins, role)
    if moment is not None:
        check_moment(pin, moment, "now")
    paths = list_tree(real)
    paths.pop(SIGNATURE_NAME, None)
    listed = statement.digests
    found = {
        name: hash_file(path, keep=keep(name)) for name, path in paths.items() if name in listed
    }
    digests = {name: found[name].sha256 if name in found else "" for name in paths}
    _check_files(real, listed, digests)
    return VerifiedTree(
        path=real,
        pin=pin,
        statement=statement,
        files=_MappingProxy(_kept(found)),
        sizes=_MappingProxy({name: one.size_bytes for name, one in found.items()}),
        signature_sha256=sha256(signature).hexdigest(),
        seal=_SEAL,
    )


def verify_file(
    data: bytes,
    signature: bytes,
    trust: Trust,
    *,
    name: str,
    role: str = TRAINER,
    moment: datetime | None = None,
) -> PublicKey:
    """The trusted key that signed `data` as a single file; `name` is for messages.

    `role` and `moment` are as in `verify_tree`.

    Raises:
        Untrusted: the signature does not hold or is one of other bytes.
        BadInput: a trust file cannot be found.
    """
    pin, statement = authorise(signature, read_pins(trust), role)
    if moment is not None:
        check_moment(pin, moment, "now")
    listed = statement.digests
    if list(listed) != [SINGLE_FILE]:
        raise Untrusted(
            f"the signature of {show(name)} is one of a directory",
            expected="a signature of this single file",
            actual=_names(sorted(listed)),
            hint=f"sign it: `edge-infer sign {show(name)} --key KEY`",
        )
    actual = sha256(data).hexdigest()
    if actual != listed[SINGLE_FILE]:
        raise Untrusted(
            f"{show(name)} is not the file that was signed",
            expected=f"SHA-256 {listed[SINGLE_FILE]}",
            actual=f"SHA-256 {actual}",
            hint="copy file and signature again from where it was signed",
        )
    return pin.key


def _check_files(root: str, listed: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Raise unless both map the same names to the same digests."""
    extra = sorted(found.keys() - listed.keys())
    missing = sorted(listed.keys() - found.keys())
    changed = sorted(name for name in listed if name in found and found[name] != listed[name])
    if extra or missing or changed:
        groups = {"extra": extra, "missing": missing, "changed": changed}
        raise Untrusted(
            f"the files under {show(root)} are not the ones that were signed",
            expected="every file as listed in the signature, and no other",
            actual="; ".join(f"{word}: {_names(names)}" for word, names in groups.items() if names),
            hint="copy the directory again, whole, into an empty place",
        )


def _read_signature(root: str) -> bytes:
    path = f"{root}/{SIGNATURE_NAME}"
    if not os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises where a parent is closed
        raise BadInput(
            f"{show(root)} is not a directory",
            expected="the directory of an artifact or a bundle",
            actual="a file" if os.path.lexists(root) else "nothing of that name",
            hint="check the path; a bundle that travelled as .tar is unpacked first",
        )
    if not os.path.lexists(path):
        raise Untrusted(
            f"{show(root)} has no {SIGNATURE_NAME}: nobody vouches for it",
            hint="copy the directory again, whole, or sign it on the workstation",
        )
    return read_file(path, max_bytes=MAX_BYTES)


def _kept(found: Mapping[str, ReadFile]) -> dict[str, bytes]:
    return {name: one.data for name, one in found.items() if one.data is not None}


def _names(names: list[str]) -> str:
    shown = ", ".join(show(name) for name in names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
