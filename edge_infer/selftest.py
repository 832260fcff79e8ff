"""The golden vectors, run before the first prediction on every machine.

A runtime release, a processor or a library that computes something else than what was proven
on the workstation is found here, as a refusal to load, and not in the field.
"""

from __future__ import annotations

from edge_infer.contract.golden import read_tensors
from edge_infer.errors import Incompatible
from edge_infer.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge_infer.contract.schema import Contract, Output
    from edge_infer.engines import Engine


@dataclass(frozen=True)
class SelfTest:
    """What was compared, all of it equal or within the tolerance."""

    rows: int
    compared: int
    """Labels and scores, each counted in a batch, row by row and through the row buffers."""
    max_difference: float
    """Largest |got - want| / max(|want|, S) of a score."""


def run_golden(engine: Engine, contract: Contract, golden: bytes) -> SelfTest:
    """Run every output over the golden rows: as one batch, row by row, and in row buffers.

    Raises:
        Incompatible: a vector gives something else, or there are none for an output.
    """
    import numpy as np

    inputs, wanted = read_golden(contract, golden)
    if contract.texts:
        from edge_infer.text import counted, counters

        inputs = counted(inputs, counters(contract))
    names = [output.name for output in contract.outputs]
    rows = range(contract.golden.rows)
    batch = engine.run(names, inputs)
    singles = [engine.run(names, {k: v[i : i + 1] for k, v in inputs.items()}) for i in rows]
    _check_accepted(engine, contract, inputs)
    compared, worst = 0, 0.0
    for position, output in enumerate(contract.outputs):
        ways = {"in a batch": batch[position]}
        ways["row by row"] = np.concatenate([single[position] for single in singles])
        (input_name, X), *others = inputs.items()
        numbers = X.dtype == np.float64 and not others and not contract.texts
        bound = engine.bind_row(input_name, output.name) if numbers else None
        if bound is not None:
            ways["in the row buffers"] = np.concatenate([_run_bound(bound, x) for x in X])
        for way, got in ways.items():
            tolerance = contract.certificate.relative_tolerance
            worst = max(worst, compare(output, got, wanted[output.name], tolerance, way))
            compared += got.size
    return SelfTest(contract.golden.rows, compared, worst)


def _check_accepted(engine: Engine, contract: Contract, inputs: dict[str, Any]) -> None:
    """scikit-learn answered every golden row, so no check may refuse one."""
    for check in contract.checks:
        if engine.run([check.name], inputs)[0].any():
            raise Incompatible(
                f"the self-test failed: a golden vector is refused ({check.message})",
                hint="make the artifact again with convert",
            )


def read_golden(contract: Contract, golden: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and expected outputs by name, each of `contract.golden.rows` rows.

    Raises:
        Incompatible: the contract describes other tensors, or none for an input or output.
    """
    inputs = read_tensors(contract.golden.inputs, golden)
    outputs = read_tensors(contract.golden.outputs, golden)
    for names, found in ((contract.inputs, inputs), (contract.outputs, outputs)):
        wanted = {item.name for item in names}
        if wanted != found.keys():
            raise no_vectors(sorted(wanted), sorted(found))
    rows = contract.golden.rows
    for name, array in (inputs | outputs).items():
        if rows < 1 or array.ndim < 1 or len(array) != rows:
            raise no_vectors(f"{max(rows, 1)} rows of {name}", f"shape {array.shape}")
    return inputs, outputs


def compare(output: Output, got: Any, want: Any, tolerance: float, way: str = "") -> float:
    """Largest relative difference of an output: 0 for labels and bools, which must be equal.

    Scores pass when |got - want| <= tolerance * max(|want|, S), S being `output.scale`; NaN
    equals NaN, and an infinity equals itself.

    Raises:
        Incompatible: a vector differs; names the first one.
    """
    import numpy as np

    if got.shape != want.shape:
        raise _differs(output, way, f"shape {want.shape}", f"shape {got.shape}")
    if output.kind == "label" or want.dtype.kind == "b":
        same, relative = np.asarray(got == want), np.zeros(1)
    else:
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            scale = np.maximum(np.abs(want), output.scale)
            difference = np.abs(got - want)
            equal = (got == want) | (np.isnan(got) & np.isnan(want))
            same = equal | ((difference <= tolerance * scale) & np.isfinite(scale))
            relative = np.where(equal, 0.0, difference / scale)
    if not same.all():
        vector = int(np.argmin(same.reshape(len(same), -1).all(axis=1)))
        place = f"vector {vector} {way}".strip()
        raise _differs(output, place, want.tolist()[vector], got.tolist()[vector])
    return float(relative.max(initial=0.0))


def _run_bound(bound: Any, x: Any) -> Any:
    bound.row[0] = x
    bound.run()
    return bound.output.copy()


def _differs(output: Output, place: str, expected: object, actual: object) -> Incompatible:
    return Incompatible(
        f"the self-test failed: {output.verb} of golden {place}",
        expected=expected,
        actual=actual,
        hint="this machine computes something else than was proven: "
        "install the runtime release named in the certificate (edge-infer info)",
    )


def no_vectors(expected: object, actual: object) -> Incompatible:
    """The contract's vectors are not those of its inputs and outputs."""
    return Incompatible(
        "the golden vectors do not cover the model",
        expected=expected,
        actual=actual,
        hint="make the artifact again with convert",
    )
