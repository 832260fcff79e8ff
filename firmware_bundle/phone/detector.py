"""A detector of faces as it was trained: a declaration, and a signed artifact for each stage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.contract import read_contract
from edge_infer.contract.detector import DETECTOR, STAGES, detector_contract
from edge_infer.errors import BadInput

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from edge_infer.contract import Contract

_MOST_BYTES = 1 << 16


def is_detector(directory: str | os.PathLike[str]) -> bool:
    """Whether a directory looks like one; what is in it is verified when it is read."""
    return (Path(directory) / DETECTOR).is_file()


def read_detector_files(
    directory: str | os.PathLike[str], verified: Callable[[Path], Mapping[str, bytes]]
) -> tuple[dict[str, bytes], Contract]:
    """Name to content of its files, and a contract that speaks for all of it.

    Args:
        directory: holds `detector.json` and the stages.
        verified: gives the files of an artifact, or raises.

    Raises:
        Untrusted: a byte of it is not vouched for.
        Incompatible: its parts do not belong together, or it declares what is not known here.
        BadInput: a part is missing or malformed.
    """
    directory = Path(directory)
    files = {DETECTOR: _declaration(directory)}
    contracts = {}
    for stage in STAGES:
        found = verified(directory / stage)
        contracts[stage] = read_contract(found["contract.json"])
        files |= {f"{stage}/{name}": content for name, content in found.items()}
    return files, detector_contract(files[DETECTOR], contracts)


def _declaration(directory: Path) -> bytes:
    with (directory / DETECTOR).open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise BadInput(f"{DETECTOR} is too large", expected=f"at most {_MOST_BYTES} bytes")
    return content
