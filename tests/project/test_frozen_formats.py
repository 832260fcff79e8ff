"""Artifacts that older versions wrote still load, verify, and predict what they predicted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge_infer

DATA = Path(__file__).parents[1] / "data"
FROZEN = sorted(DATA.glob("v*/*/contract.json"))


def expected(artifact: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Rows (n, f) with NaN for a hole, and answers by verb."""
    answers = json.loads((artifact.parent / "expected.json").read_bytes())[artifact.name]
    return np.array(answers.pop("rows"), dtype=np.float64), answers


@pytest.mark.parametrize("contract", FROZEN, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_a_frozen_artifact_predicts_what_it_always_did(contract: Path) -> None:
    artifact = contract.parent
    model = edge_infer.load(artifact, trust=artifact.parent / "fleet.pub")
    rows, answers = expected(artifact)
    assert model.predict(rows).tolist() == answers.pop("predict")
    for verb, want in answers.items():
        np.testing.assert_allclose(getattr(model, verb)(rows), want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("contract", FROZEN, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_a_frozen_artifact_never_expires(contract: Path) -> None:
    assert json.loads(contract.read_bytes())["expires"] is None


def test_every_format_has_a_frozen_example() -> None:
    from edge_infer.contract import FORMAT

    frozen = {json.loads(contract.read_bytes())["format"] for contract in FROZEN}
    assert frozen == set(range(1, FORMAT + 1))
