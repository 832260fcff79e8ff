"""`detector.json`: how two signed models make a detector of faces. The dataclass is the format.

Whoever trained them signs the declaration with them: each model's name ends in its SHA-256.
"""

from __future__ import annotations

import dataclasses
import hashlib

from edge_infer.contract.codec import decode
from edge_infer.errors import Incompatible, Untrusted
from edge_infer.strict_json import parse_json
from edge_infer.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edge_infer.contract.schema import Contract

DETECTOR = "detector.json"
DETECTOR_FORMAT = 1
STAGES = {"scan": "decision_function", "judge": "predict_proba"}
"""Directories of the signed models, in the order in which they see a window, and their verbs."""
ROWS = {"gradients-35x7x7-1": 1715}
"""Known features to the length of a window's row."""


@dataclass(frozen=True)
class Detector:
    """A window slides over the picture at falling sizes. `scan` scores every one by its
    `decision_function`; `judge` gives the probability of what is left; windows that overlap add
    their log-odds beyond `doubt` to one face."""

    format: int
    features: str
    """Names what the models see: `gradients-35x7x7-1` are 35 numbers for each cell of 4 x 4
    pixels, of which a window of 36 x 36 pixels shows the inner 7 x 7."""
    step: float
    """Ratio between neighbouring sizes of the picture, > 1."""
    least: float
    """Windows under this score of `scan` are no candidates."""
    doubt: float
    """Windows up to these log-odds of `judge` add nothing to a face."""
    min_score: float
    """Groups under this score are no faces."""
    box: tuple[float, ...]
    """The face within its window of side 1: x0, y0, x1, y1."""


def read_detector(data: bytes, names: Iterable[str]) -> Detector:
    """Parse `detector.json`, which the verified models of these `names` have to vouch for.

    Raises:
        Untrusted: it is another file than the one that a model was signed with.
        BadInput: it is not strict JSON.
        Incompatible: it is of another format, or declares what is not known here.
    """
    digest = hashlib.sha256(data).hexdigest()
    for name in names:
        if name.rpartition("-")[2] != digest:
            raise Untrusted(
                f"{DETECTOR} is not the file that its model was signed with",
                expected=name,
                actual=f"SHA-256 {digest}",
            )
    value = parse_json(data, what=DETECTOR)
    found = value.get("format") if isinstance(value, dict) else None
    if found != DETECTOR_FORMAT:
        raise Incompatible(
            "the detector is of a format that is not read here",
            expected=f"format {DETECTOR_FORMAT}",
            actual=f"format {found}",
            hint="update edge-infer",
        )
    declared = decode(Detector, value, what=DETECTOR)
    if declared.features not in ROWS or not declared.step > 1 or len(declared.box) != 4:
        raise Incompatible(
            "the detector declares what is not known here",
            expected=f"features {', '.join(ROWS)}; a step over 1; a box of four numbers",
            actual=f"{declared.features}, {declared.step}, {declared.box}",
            hint="update edge-infer",
        )
    return declared


def detector_contract(data: bytes, contracts: Mapping[str, Contract]) -> Contract:
    """A contract that speaks for all of a detector: the first stage's, under the detector's own
    name, which stays from release to release.

    Args:
        data: `detector.json`.
        contracts: stage to the contract of its verified model.

    Raises:
        Untrusted: a model was signed with another declaration.
        Incompatible: the models are no stages of one detector, or it declares what is not known.
        BadInput: it is not strict JSON.
    """
    declared = read_detector(data, [one.name for one in contracts.values()])
    for stage, verb in STAGES.items():
        contract = contracts[stage]
        verbs = {one.verb for one in contract.outputs}
        shapes = [one.shape for one in contract.inputs]
        if verb not in verbs or shapes != [(None, ROWS[declared.features])]:
            raise Incompatible(
                f"the model in {stage}/ is no stage of a detector",
                expected=f"{verb} of rows of {ROWS[declared.features]} numbers",
                actual=f"{', '.join(sorted(verbs))} of {shapes}",
            )
    releases = {(one.name, one.sequence, one.target) for one in contracts.values()}
    if len(releases) != 1:
        raise Incompatible(
            "the models of the detector are not of one release",
            expected="one name, one sequence, one target",
            actual=sorted(releases),
        )
    first = contracts[next(iter(STAGES))]
    return dataclasses.replace(first, name=first.name.rpartition("-")[0])
