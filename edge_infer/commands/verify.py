"""`edge-infer verify`: who vouches for this directory, and is it whole?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge_infer.artifact import read_artifact
from edge_infer.commands import Command, add_bundle_arguments
from edge_infer.commands.output import print_json, print_table
from edge_infer.errors import Incompatible

if TYPE_CHECKING:
    import argparse

    from edge_infer.contract import Contract
    from edge_infer.trust import Trust, VerifiedTree


def expiry_state(expires: str | None, *, now: datetime) -> str:
    """`never expires`, `valid until …` or `expired since …`, by this machine's clock.

    Raises:
        Incompatible: it is not an ISO 8601 time with an offset from UTC.
    """
    if expires is None:
        return "never expires"
    try:
        moment = datetime.fromisoformat(expires)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Incompatible(
            "the contract's expiry is no moment",
            expected="ISO 8601 with an offset, such as 2030-01-31T12:00:00+00:00",
            actual=expires,
        )
    return f"expired since {expires}" if now >= moment else f"valid until {expires}"


def _read(bundle: str, trust: Trust | None) -> tuple[VerifiedTree, Contract]:
    """A detector is for a page; where flash is dear the runtime has no part that reads one."""
    try:
        from edge_infer.detector_bundle import holds_detector, read_detector_bundle
    except ImportError:
        pass
    else:
        if trust and holds_detector(bundle):
            return read_detector_bundle(bundle, trust=trust)
    artifact = read_artifact(bundle, trust=trust)
    return artifact.tree, artifact.contract


def _run(arguments: argparse.Namespace) -> int:
    tree, contract = _read(arguments.bundle, arguments.trust)
    found = {
        "name": contract.name,
        "sequence": contract.sequence,
        "expiry": expiry_state(contract.expires, now=datetime.now(UTC)),
        "signed by": tree.pin.called,
        "compare": tree.key.grouped,
        "files": len(tree.sizes),
        "bytes": sum(tree.sizes.values()),
    }
    if arguments.json:
        print_json({"verified": True, **{k.replace(" ", "_"): v for k, v in found.items()}})
    else:
        print_table({**found, "verdict": "every file is the one that was signed"})
    return 0


VERIFY = Command("verify", "check the signature and every file", add_bundle_arguments, _run)
