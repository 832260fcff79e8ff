"""A detector of faces as it was trained: a declaration and two signed models beside it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.contract import read_contract
from edge_infer.contract.detector import DETECTOR, ROWS, STAGES, read_detector
from edge_infer.errors import BadInput, Incompatible

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from edge_infer.contract import Contract

_VERBS = {"scan": "decision_function", "judge": "predict_proba"}
_MOST_BYTES = 1 << 16


def is_detector(directory: str | os.PathLike[str]) -> bool:
    """Whether a directory looks like one; what is in it is verified when it is read."""
    return (Path(directory) / DETECTOR).is_file()


def read_detector_files(
    directory: str | os.PathLike[str], verified: Callable[[Path], Mapping[str, bytes]]
) -> tuple[dict[str, bytes], Contract]:
    """Name to content of its files, and a contract that speaks for all of it.

    Args:
        directory: holds `detector.json` and a signed artifact for each stage.
        verified: gives the files of an artifact, or raises.

    Raises:
        Untrusted: a byte of it is not vouched for.
        Incompatible: its parts do not belong together, or it declares what is not known here.
        BadInput: there is no such directory.
    """
    directory = Path(directory)
    files = {DETECTOR: _declaration(directory)}
    contracts = []
    for stage in STAGES:
        found = verified(directory / stage)
        contracts.append(read_contract(found["contract.json"]))
        files |= {f"{stage}/{name}": content for name, content in found.items()}
    declared = read_detector(files[DETECTOR], [one.name for one in contracts])
    for stage, contract in zip(STAGES, contracts, strict=True):
        _check_stage(stage, contract, ROWS[declared.features])
    return files, _together(contracts)


def _declaration(directory: Path) -> bytes:
    with (directory / DETECTOR).open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise BadInput(f"{DETECTOR} is too large", expected=f"at most {_MOST_BYTES} bytes")
    return content


def _check_stage(stage: str, contract: Contract, length: int) -> None:
    verbs = {one.verb for one in contract.outputs}
    shapes = [one.shape for one in contract.inputs]
    if _VERBS[stage] not in verbs or shapes != [(None, length)]:
        raise Incompatible(
            f"the model in {stage}/ is no stage of a detector",
            expected=f"{_VERBS[stage]} of rows of {length} numbers",
            actual=f"{', '.join(sorted(verbs))} of {shapes}",
        )


def _together(contracts: list[Contract]) -> Contract:
    """The first stage's, under the detector's own name, which stays from release to release."""
    releases = {(one.name, one.sequence, one.target) for one in contracts}
    if len(releases) != 1:
        raise Incompatible(
            "the models of the detector are not of one release",
            expected="one name, one sequence, one target",
            actual=sorted(releases),
        )
    name = contracts[0].name.rpartition("-")[0]
    return dataclasses.replace(contracts[0], name=name)
