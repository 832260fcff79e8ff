"""The head of a bundle: who signed it, which files it lists, and what it says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_infer.contract import read_contract
from edge_infer.errors import EdgeInferError, Incompatible, Untrusted
from edge_infer.slots.state import version_name
from edge_infer.trust import PUBLISHER, SIGNATURE_NAME
from edge_infer.trust.authority import authorise
from edge_infer.trust.digest import sha256
from edge_infer.trust.envelope import MAX_BYTES
from edge_infer.trust.files import show
from edge_infer.trust.moments import parse_moment
from edge_infer.trust.rollback import Release
from firmware_bundle import manifest
from firmware_bundle.targets import check_machine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_infer.slots import Root, State
    from edge_infer.trust import Pins
    from firmware_bundle.manifest import Manifest
    from firmware_bundle.slots.source import Source

CONTRACT = "artifact/contract.json"
MAX_HEAD_BYTES = 4 << 20
_NAMES_SHOWN = 5


@dataclass(frozen=True)
class Head:
    """What is verified before the first byte is written; the files follow while copied."""

    release: Release
    model: str
    """The model's name, as in the artifact's contract."""
    manifest: Manifest
    signature: bytes
    digests: Mapping[str, str]
    """Name to SHA-256 of every file of the bundle."""

    @property
    def version(self) -> str:
        """The name of the directory that will hold it."""
        return version_name(self.release.sequence, self.release.sha256)


def read_head(source: Source, pins: Pins) -> Head:
    """Verify the signature, that its list is what is there, and the two files that describe it.

    Raises:
        Untrusted: nobody pinned has signed it, or files are extra, missing or changed.
        Incompatible: it is no bundle, of a newer format, or for another machine.
    """
    signature = _read(source, SIGNATURE_NAME, max_bytes=MAX_BYTES)
    pin, statement = authorise(signature, pins, PUBLISHER)
    digests = statement.digests
    _check_names(set(source.sizes) - {SIGNATURE_NAME}, set(digests))
    missing = {manifest.NAME, CONTRACT} - set(digests)
    if missing:
        raise Incompatible(
            "the directory is signed, but it is no bundle",
            expected=f"{manifest.NAME} and {CONTRACT}",
            actual=f"missing: {', '.join(sorted(missing))}",
            hint="make it with `edge-infer bundle`",
        )
    described = manifest.read_manifest(_read_listed(source, manifest.NAME, digests))
    contract = read_contract(_read_listed(source, CONTRACT, digests))
    if contract.sequence != described.sequence:
        raise Incompatible(
            "the bundle and its artifact have different numbers",
            expected=f"sequence {contract.sequence}",
            actual=f"sequence {described.sequence}",
        )
    check_machine(described.target)
    expires = contract.expires
    release = Release(
        pin=pin,
        sequence=described.sequence,
        sha256=sha256(signature).hexdigest(),
        created=parse_moment(contract.created, what="the contract's date"),
        expires=None if expires is None else parse_moment(expires, what="the contract's expiry"),
        may_replace=described.may_replace,
    )
    return Head(release, contract.name, described, signature, digests)


def check_model(head: Head, root: Root, state: State) -> None:
    """Refuse a release of another model than the one that is installed.

    Its publisher may have signed it with the same key and a higher number, for other devices: who
    carries files could otherwise exchange the model, and keep its next releases below the floor.

    Raises:
        Incompatible: it is.
    """
    for name in (state.current, state.previous, state.trial):
        installed = None if name is None else _model_of(root, name)
        if installed == head.model:
            return
        if installed is not None:
            raise Incompatible(
                "the bundle holds another model than the one that is installed",
                expected=f"a release of {show(installed)[:80]}",
                actual=f"a release of {show(head.model)[:80]}",
                hint="give each model a root of its own; releases of one model share a name: "
                "edge-infer convert --name",
            )


def _model_of(root: Root, name: str) -> str | None:
    """What a version calls its model; None where it cannot be read, and so does not serve."""
    try:
        data = root.disk.read(root.version(name) / CONTRACT, max_bytes=MAX_HEAD_BYTES)
        return read_contract(data).name
    except (OSError, EdgeInferError):
        return None


def _check_names(found: set[str], listed: set[str]) -> None:
    extra, missing = sorted(found - listed), sorted(listed - found)
    if extra or missing:
        groups = {"extra": extra, "missing": missing}
        raise Untrusted(
            "the files of the bundle are not the ones that were signed",
            expected="every file as listed in the signature, and no other",
            actual="; ".join(
                f"{word}: {len(names)}, such as {', '.join(map(show, names[:_NAMES_SHOWN]))}"
                for word, names in groups.items()
                if names
            ),
            hint="copy the bundle again, whole",
        )


def _read_listed(source: Source, name: str, digests: Mapping[str, str]) -> bytes:
    data = _read(source, name, max_bytes=MAX_HEAD_BYTES)
    check_digest(name, sha256(data).hexdigest(), digests)
    return data


def check_digest(name: str, found: str, digests: Mapping[str, str]) -> None:
    """Refuse a file that is not the one that was signed.

    Raises:
        Untrusted: it differs.
    """
    if found != digests[name]:
        raise Untrusted(
            f"{show(name)} is not the file that was signed",
            expected=f"SHA-256 {digests[name]}",
            actual=f"SHA-256 {found}",
            hint="copy the bundle again, whole",
        )


def _read(source: Source, name: str, *, max_bytes: int) -> bytes:
    size = source.sizes.get(name)
    if size is None:
        raise Untrusted(
            f"the bundle has no {name}: nobody vouches for it",
            hint="copy the bundle again, whole, or sign it on the workstation",
        )
    if size > max_bytes:
        raise Untrusted(f"{name} is too large", expected=f"at most {max_bytes} bytes", actual=size)
    return b"".join(source.blocks(name))
