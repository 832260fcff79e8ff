"""What the child saw of the proof, for a report, held against the contract.

It is JSON of unknown honesty: it is shown to a person and decides nothing. Its figures must be
those of the certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convert.prove.details import Details  # noqa: TC001 - the codec reads the annotation
from convert.report.timing import Timing  # noqa: TC001
from edge_infer.contract.codec import decode, encode
from edge_infer.errors import EdgeInferError, Untrusted
from edge_infer.strict_json import dump_json, parse_json

if TYPE_CHECKING:
    from edge_infer.contract import Contract


@dataclass(frozen=True)
class Seen:
    """What the report needs beside the artifact."""

    details: Details
    baseline: Timing
    """scikit-learn's own."""


def write_seen(seen: Seen) -> bytes:
    """For `read_seen` in the parent."""
    return dump_json(encode(seen))


def read_seen(data: bytes, contract: Contract) -> Seen:
    """What the child wrote, if its figures are those of the contract.

    Raises:
        Untrusted: they are not, or it is no such JSON.
    """
    what = "what the proof saw"
    try:
        found: Seen = decode(Seen, parse_json(data, what=what), what=what)
    except EdgeInferError as error:
        raise _unfit(error.what, error.actual) from error
    certificate = contract.certificate
    counted = {p.output: p.compared for p in certificate.parity}
    summed = {
        s.output: s.equal + s.tied + sum(decade.answers for decade in s.decades)
        for s in found.details.spreads
    }
    if counted != summed:
        raise _unfit(f"answers compared: {counted}", summed)
    numbers = [n for s in found.details.spreads for n in (s.equal, s.tied)]
    numbers += [d.answers for s in found.details.spreads for d in s.decades]
    exponents = [d.exponent for s in found.details.spreads for d in s.decades]
    if min(numbers, default=0) < 0 or not all(-400 < one <= 0 for one in exponents):
        raise _unfit("counts of answers by decade", (min(numbers, default=0), exponents[:5]))
    return found


def _unfit(expected: object, actual: object) -> Untrusted:
    return Untrusted(
        "the process that unpickles handed back a proof whose figures do not hold",
        expected=expected,
        actual=actual,
        hint="the pickle may have taken it over: ask whoever signed it",
    )
