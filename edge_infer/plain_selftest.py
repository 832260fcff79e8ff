"""The golden vectors without numpy, for the native engine on a device that has none.

The same comparison as `selftest.py`: labels equal, scores within the contract's tolerance, in
one batch and row by row.
"""

from __future__ import annotations

import sys
from array import array

from edge_infer.contract.golden import decode_strings, tensor_bytes
from edge_infer.engines.native import CODES, width_of
from edge_infer.errors import Incompatible
from edge_infer.selftest import no_vectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from edge_infer.contract.schema import Contract, Output, Tensor
    from edge_infer.engines.native import NativeEngine

_INFINITY = float("inf")


def run_golden(engine: NativeEngine, contract: Contract, golden: bytes) -> tuple[int, float]:
    """Run every output over the golden rows: as one batch and row by row.

    Returns: how many labels and scores were compared, and the largest relative difference.

    Raises:
        Incompatible: a vector gives something else, or there are none for an output.
    """
    rows = contract.golden.rows
    (given,) = contract.golden.inputs or (None,)
    if given is None or rows < 1 or given.shape != (rows, engine.features):
        raise no_vectors(f"{max(rows, 1)} rows of {engine.features}", contract.golden.inputs)
    X = numbers(given, golden)
    wanted = {tensor.name: tensor for tensor in contract.golden.outputs}
    if wanted.keys() != {output.name for output in contract.outputs}:
        raise no_vectors([output.name for output in contract.outputs], list(wanted))
    compared, worst = 0, 0.0
    tolerance = contract.certificate.relative_tolerance
    by_verb: dict[str, list[Output]] = {}
    for output in contract.outputs:
        by_verb.setdefault(output.verb, []).append(output)
    f = engine.features
    for verb, outputs in by_verb.items():
        whole = engine.plain(verb, X)
        singles = [engine.plain(verb, X[i * f : (i + 1) * f]) for i in range(rows)]
        for position, output in enumerate(outputs):
            tensor = wanted[output.name]
            if tensor.shape != (rows, *output.shape[1:]) or tensor.dtype != output.dtype:
                raise no_vectors((rows, *output.shape[1:]), tensor.shape)
            want = _wanted(tensor, golden)
            alone = [value for single in singles for value in single[position]]
            for way, got in (("in a batch", whole[position]), ("row by row", alone)):
                texts = [engine.text(at) for at in got] if output.dtype == "str" else got
                worst = max(worst, _compare(output, texts, want, tolerance, way))
                compared += len(want)
    return compared, worst


def numbers(tensor: Tensor, golden: bytes) -> array[Any]:
    """A tensor of numbers, flat."""
    found = array(CODES[tensor.dtype], bytes(tensor_bytes(tensor, golden)))
    if sys.byteorder == "big" and found.itemsize > 1:
        found.byteswap()
    return found


def _wanted(tensor: Tensor, golden: bytes) -> Sequence[Any]:
    if tensor.dtype == "str":
        return decode_strings(tensor, tensor_bytes(tensor, golden))
    return numbers(tensor, golden)


def _compare(
    output: Output, got: Sequence[Any], want: Sequence[Any], tolerance: float, way: str
) -> float:
    if len(got) != len(want):
        raise _differs(output, way, f"{len(want)} values", f"{len(got)} values")
    worst = 0.0
    width = max(width_of(output), 1)
    for place, (mine, theirs) in enumerate(zip(got, want, strict=True)):
        if mine == theirs:
            continue
        if output.kind != "label":
            if mine != mine and theirs != theirs:
                continue
            scale = max(abs(theirs), output.scale)
            difference = abs(mine - theirs)
            if difference <= tolerance * scale and scale < _INFINITY:
                worst = max(worst, difference / scale)
                continue
        raise _differs(output, f"vector {place // width} {way}", theirs, mine)
    return worst


def _differs(output: Output, place: str, expected: object, actual: object) -> Incompatible:
    return Incompatible(
        f"the self-test failed: {output.verb} of golden {place}",
        expected=expected,
        actual=actual,
        hint="this machine computes something else than was proven: convert --native again",
    )
