"""What is signed: an in-toto Statement v1 with the predicate of OpenSSF Model Signing v1.0.

It lists the name and SHA-256 of every file; the subject's digest is the SHA-256 of those
digests one after the other. A signed single file is listed as ".". The predicate's
`ignore_paths` is what the signer left out: here nothing may be left out, so it is not used.
"""

from __future__ import annotations

from edge_infer.errors import BadInput, Untrusted
from edge_infer.strict_json import parse_json
from edge_infer.trust.digest import sha256
from edge_infer.trust.envelope import MAX_BYTES, expect, is_sha256, take
from edge_infer.trust.names import collision, name_fault
from edge_infer.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"
SINGLE_FILE = "."
MAX_FILES = 10_000


@dataclass(frozen=True)
class Resource:
    """One file: its name, `/` between the parts, and its SHA-256 in hexadecimal."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Statement:
    """A signed list of files. `name` is the signer's word for the whole and binds nothing."""

    name: str
    resources: tuple[Resource, ...]

    @classmethod
    def of(cls, name: str, digests: Mapping[str, str]) -> Statement:
        """The statement over `digests`, name to SHA-256, in the order that OMS lists them."""
        ordered = sorted(digests, key=lambda one: one.split("/"))
        return cls(name, tuple(Resource(one, digests[one]) for one in ordered))

    @property
    def digests(self) -> dict[str, str]:
        """Name to SHA-256."""
        return {resource.name: resource.sha256 for resource in self.resources}

    @property
    def root_sha256(self) -> str:
        """The subject's digest, over all digests in the order listed."""
        return sha256(
            b"".join(bytes.fromhex(resource.sha256) for resource in self.resources)
        ).hexdigest()


def parse_statement(payload: bytes) -> Statement:
    """Read a payload whose signature holds.

    Raises:
        Untrusted: it is not such a statement, or lists a name that no device should follow.
    """
    try:
        value = parse_json(payload, what="the signed statement", max_bytes=MAX_BYTES)
    except BadInput as error:
        raise Untrusted(error.what, expected=error.expected, actual=error.actual) from None
    fields = take(
        value,
        "the signed statement",
        {"_type": str, "subject": list, "predicateType": str, "predicate": dict},
    )
    expect(fields["_type"], STATEMENT_TYPE, "the statement's _type")
    expect(fields["predicateType"], PREDICATE_TYPE, "predicateType")
    predicate = take(fields["predicate"], "predicate", {"serialization": dict, "resources": list})
    _check_serialization(predicate["serialization"])
    expect(len(fields["subject"]), 1, "the number of subjects")
    subject = take(fields["subject"][0], "subject", {"name": str, "digest": dict})
    statement = Statement(subject["name"], _parse_resources(predicate["resources"]))
    check_names([resource.name for resource in statement.resources], Untrusted)
    digest = take(subject["digest"], "the subject's digest", {"sha256": str})
    expect(digest["sha256"], statement.root_sha256, "the digest over all digests")
    return statement


def write_statement(statement: Statement, *, ignore_paths: tuple[str, ...] = ()) -> bytes:
    """The payload; `parse_statement(write_statement(s)) == s`."""
    value = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": statement.name, "digest": {"sha256": statement.root_sha256}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": list(ignore_paths),
            },
            "resources": [
                {"name": resource.name, "algorithm": "sha256", "digest": resource.sha256}
                for resource in statement.resources
            ],
        },
    }
    import json

    return json.dumps(value, separators=(",", ":")).encode("ascii")


def check_names(names: list[str], error: type[BadInput | Untrusted]) -> None:
    """Refuse an empty list, and names that differ between filesystems or leave the root.

    Raises:
        error: BadInput where we sign, Untrusted where we verify.
    """
    if not 1 <= len(names) <= MAX_FILES:
        raise error(
            "the list of files has a strange length",
            expected=f"1 to {MAX_FILES} files",
            actual=len(names),
        )
    if names == [SINGLE_FILE]:
        return
    for name in names:
        fault = name_fault(name)
        if fault is not None:
            raise error(f"the listed name {ascii(name)[:300]} {fault}")
    pair = collision(names)
    if pair is not None:
        raise error(
            "two listed names are one on some filesystem",
            expected="names that differ by more than case or Unicode form",
            actual=" and ".join(ascii(name) for name in pair),
        )


def _check_serialization(serialization: object) -> None:
    fields = take(
        serialization,
        "serialization",
        {"method": str, "hash_type": str, "allow_symlinks": bool},
        {"ignore_paths": list},
    )
    expect(fields["method"], "files", "the serialization method")
    expect(fields["hash_type"], "sha256", "the hash")
    expect(fields["allow_symlinks"], False, "allow_symlinks")


def _parse_resources(entries: list[object]) -> tuple[Resource, ...]:
    resources = []
    for entry in entries:
        fields = take(entry, "a resource", {"name": str, "algorithm": str, "digest": str})
        expect(fields["algorithm"], "sha256", "the hash algorithm")
        if not is_sha256(fields["digest"]):
            raise Untrusted(
                "a digest is not a SHA-256",
                expected="64 lower-case hexadecimal digits",
                actual=ascii(fields["digest"])[:80],
            )
        resources.append(Resource(fields["name"], fields["digest"]))
    return tuple(resources)
