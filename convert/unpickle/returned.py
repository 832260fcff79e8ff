"""What the child handed back, held against what was asked: none of it is believed.

A pickle that took the child over can still hand back a wrong model, as whoever signed it can
sign a wrong estimator. It cannot reach the parent, nor a device, by a graph that is more than
arithmetic.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convert.artifact import Artifact
from convert.precision import TOLERANCES
from convert.unpickle.seen import read_seen
from edge_infer.contract import FORMAT, Contract, read_contract
from edge_infer.engines import open_engine
from edge_infer.engines.onnx_check import check_onnx
from edge_infer.errors import EdgeInferError, Untrusted
from edge_infer.selftest import run_golden

if TYPE_CHECKING:
    from convert.unpickle.parent import Returned
    from convert.unpickle.wire import Request


def check_returned(returned: Returned, request: Request) -> Artifact:
    """The artifact, once contract, graph and golden vectors fit the request and each other.

    Raises:
        Untrusted: they do not.
    """
    try:
        contract = read_contract(returned.contract)
        _check_asked(contract, request)
        # Before any engine is imported: the graph is the one part that a library would parse.
        check_onnx(returned.onnx)
        run_golden(open_engine(returned.onnx, contract), contract, returned.golden)
    except Untrusted:
        raise
    except EdgeInferError as error:
        raise _unfit(f"{type(error).__name__}: {error.what}", error.actual) from error
    artifact = Artifact(contract=contract, onnx=returned.onnx, golden=returned.golden)
    if not request.report:
        return artifact
    seen = read_seen(returned.seen or b"", contract)
    return replace(artifact, details=seen.details, baseline=seen.baseline)


def _check_asked(contract: Contract, request: Request) -> None:
    asked = {
        "format": FORMAT,
        "name": request.name,
        "sequence": request.sequence,
        "image": request.image,
        "expires": request.expires,
        "target": request.target,
    }
    for field, want in asked.items():
        if (got := getattr(contract, field)) != want:
            raise _unfit(f"{field} {want!r}", got)
    if contract.source.sha256 != request.source_sha256:
        raise _unfit(f"the pickle {request.source_sha256}", contract.source.sha256)
    tolerance = contract.certificate.relative_tolerance
    if tolerance not in TOLERANCES[request.precision]:
        raise _unfit(f"a tolerance of {request.precision}", tolerance)
    if any(parity.differ for parity in contract.certificate.parity):
        raise _unfit("no label that differs", "a certificate that counts some")


def _unfit(expected: object, actual: object) -> Untrusted:
    return Untrusted(
        "the process that unpickles handed back an artifact that does not hold",
        expected=expected,
        actual=actual,
        hint="the pickle may have taken it over: ask whoever signed it",
    )
