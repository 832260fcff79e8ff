"""`bundle.json`: what a bundle holds and whom it is for. The dataclass is the format."""

from __future__ import annotations

from dataclasses import dataclass

from edge_infer.contract.codec import decode, encode
from edge_infer.errors import Incompatible
from edge_infer.strict_json import dump_json, parse_json

FORMAT = 1
NAME = "bundle.json"


@dataclass(frozen=True)
class Manifest:
    """The head of a bundle; the signature lists the files themselves."""

    format: int
    name: str
    """The model's, as in the artifact's contract."""
    sequence: int
    """The artifact's release number."""
    target: str
    runtime: str
    """Version of the edge_infer that is in the bundle."""
    bytecode: str
    """The Python whose bytecode is in the bundle, such as `cpython-311`; others compile anew."""
    files: int
    """How many there are beside this one and the signature."""
    size_bytes: int
    """Their sizes together."""
    may_replace: int | None = None
    """A signed rollback: the highest later release that this one may be installed over."""


def read_manifest(data: bytes) -> Manifest:
    """Parse `bundle.json`.

    Raises:
        BadInput: it is not strict JSON.
        Incompatible: it is of another format, or its fields are not the manifest's.
    """
    value = parse_json(data, what=NAME)
    found = value.get("format") if isinstance(value, dict) else None
    if found != FORMAT:
        raise Incompatible(
            "the bundle has a format that is not read here",
            expected=f"format {FORMAT}",
            actual=f"format {found}",
            hint="update edge-infer, or make the bundle again",
        )
    return decode(Manifest, value, what=NAME)


def write_manifest(manifest: Manifest) -> bytes:
    """The bytes of `bundle.json`; `read_manifest(write_manifest(m)) == m`."""
    return dump_json(encode(manifest))
