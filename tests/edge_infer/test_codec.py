"""JSON to dataclasses: what a signed contract may not smuggle past its types."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from edge_infer.contract.codec import decode, encode
from edge_infer.errors import Incompatible


@dataclass(frozen=True)
class Scale:
    low: float
    high: float | None
    steps: tuple[int, ...] = ()


def test_decoding_undoes_encoding() -> None:
    scale = Scale(0.5, None, (1, 2))
    assert decode(Scale, encode(scale), what="scale") == scale


@pytest.mark.parametrize("number", [10**400, -(10**400), float("inf"), float("nan")])
@pytest.mark.parametrize("field", ["low", "high"])
def test_a_number_beyond_a_double_is_refused(field: str, number: float) -> None:
    value = {"low": 0, "high": 1, field: number}
    with pytest.raises(Incompatible):
        decode(Scale, value, what="scale")


@pytest.mark.parametrize(
    "value",
    [
        {"low": True, "high": 1.0},
        {"low": "0", "high": 1.0},
        {"low": 0.0},
        {"low": 0.0, "high": 1.0, "more": 1},
        {"low": 0.0, "high": 1.0, "steps": [1.0]},
        [],
        None,
    ],
)
def test_a_value_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(Incompatible):
        decode(Scale, value, what="scale")
