"""The self-test finds every departure beyond the rule, and nothing within it."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import numpy as np
import pytest
from artifact_builder import Linear, contract_parts, golden_rows, random_linear

from edge_infer import plain_selftest
from edge_infer.contract import Contract, Output
from edge_infer.contract.golden import write_tensors
from edge_infer.errors import Incompatible
from edge_infer.selftest import compare, run_golden

SCORE = Output("decision_function", "decision", "float64", (None, 2), "score", 10.0)
LABEL = Output("predict", "label", "int64", (None,), "label", 0.0)


class NumpyEngine:
    """An engine whose answers a test can bend, by way and by row."""

    name, version = "numpy", "1"

    def __init__(self, linear: Linear, bend: Any = None) -> None:
        self.linear = linear
        self.bend = bend or (lambda way, outputs: None)

    def answer(self, way: str, X: np.ndarray) -> dict[str, np.ndarray]:
        outputs = {
            "label": self.linear.predict(X).copy(),
            "decision": self.linear.decision_function(X),
            "probabilities": self.linear.predict_proba(X),
        }
        self.bend(way, outputs)
        return outputs

    def run(self, names: Any, feeds: Any) -> list[np.ndarray]:
        outputs = self.answer("batch" if len(feeds["X"]) > 1 else "row", feeds["X"])
        return [outputs[name] for name in names]

    def bind_row(self, _: str, name: str) -> Any:
        engine = self

        class Bound:
            row = np.zeros((1, len(engine.linear.mean)))
            output: Any = None

            def run(self) -> None:
                self.output = engine.answer("bound", self.row)[name]

        return Bound()


@pytest.fixture(scope="module")
def parts() -> tuple[Linear, Contract, bytes]:
    linear = random_linear(5, range(3))
    return (linear, *contract_parts(linear, golden_rows(linear)))


def test_everything_is_compared_three_ways(parts: tuple[Linear, Contract, bytes]) -> None:
    linear, contract, golden = parts
    found = run_golden(NumpyEngine(linear), contract, golden)
    assert found.rows == 8
    assert found.compared == 3 * 8 * (1 + 3 + 3)
    # numpy adds in another order for one row than for eight.
    assert found.max_difference < 1e-14


@pytest.mark.parametrize("way", ["batch", "row", "bound"])
@pytest.mark.parametrize("output", ["label", "decision", "probabilities"])
def test_a_departure_by_any_way_in_any_output_is_found(
    parts: tuple[Linear, Contract, bytes], way: str, output: str
) -> None:
    linear, contract, golden = parts

    def bend(this: str, outputs: dict[str, np.ndarray]) -> None:
        if this == way:
            outputs[output].reshape(-1)[-1] += 1

    with pytest.raises(Incompatible, match="self-test failed") as caught:
        run_golden(NumpyEngine(linear, bend), contract, golden)
    assert "vector" in caught.value.what
    assert caught.value.expected != caught.value.actual


def test_one_wrong_row_is_named(parts: tuple[Linear, Contract, bytes]) -> None:
    linear, contract, golden = parts

    def bend(way: str, outputs: dict[str, np.ndarray]) -> None:
        if way == "batch":
            outputs["label"][5] += 1

    with pytest.raises(Incompatible, match="vector 5 in a batch"):
        run_golden(NumpyEngine(linear, bend), contract, golden)


@pytest.mark.parametrize(
    ("want", "got", "passes"),
    [
        (1.0, 1.0 + 9.9e-9, True),  # S = 10 is the scale of a smaller score
        (1.0, 1.0 + 1.1e-8, False),
        (100.0, 100.0 + 9.9e-8, True),  # a larger score is its own scale
        (100.0, 100.0 + 1.1e-7, False),
        (0.0, -0.0, True),
        (np.nan, np.nan, True),
        (np.nan, 0.0, False),
        (0.0, np.nan, False),
        (np.inf, np.inf, True),
        (-np.inf, -np.inf, True),
        (np.inf, -np.inf, False),
        (np.inf, 1e308, False),
        (1e308, np.inf, False),
        (1e308, -1e308, False),
    ],
)
def test_the_rule_for_scores(want: float, got: float, passes: bool) -> None:
    arrays = np.array([[1.0, got]]), np.array([[1.0, want]])
    if passes:
        assert compare(SCORE, *arrays, 1e-9) <= 1e-9
    else:
        with pytest.raises(Incompatible):
            compare(SCORE, *arrays, 1e-9)


def test_scores_of_a_zero_scale_are_equal_or_refused() -> None:
    zero = dataclasses.replace(SCORE, scale=0.0)
    assert compare(zero, np.zeros((1, 2)), np.zeros((1, 2)), 1e-9) == 0.0
    with pytest.raises(Incompatible):
        compare(zero, np.full((1, 2), 1e-300), np.zeros((1, 2)), 1e-9)


@pytest.mark.parametrize(
    ("want", "got", "passes"),
    [
        ([1, 2], [1, 2], True),
        ([1, 2], [1, 3], False),
        ([True, False], [1, 0], True),
        ([True, False], [1, 1], False),
        (["a", "b"], np.array(["a", "b"], object), True),
        (["a", "b"], np.array(["a", "B"], object), False),
        ([0.1, 0.2], [0.1, np.nextafter(0.2, 1)], False),
    ],
)
def test_the_rule_for_labels(want: list[Any], got: Any, passes: bool) -> None:
    if passes:
        assert compare(LABEL, np.asarray(got), np.array(want), 1.0) == 0.0
    else:
        with pytest.raises(Incompatible):
            compare(LABEL, np.asarray(got), np.array(want), 1.0)


def test_another_shape_is_found() -> None:
    with pytest.raises(Incompatible) as caught:
        compare(LABEL, np.zeros((2, 1)), np.zeros(2), 1.0)
    assert caught.value.actual == "shape (2, 1)"


def without(contract: Contract, **changes: Any) -> Contract:
    return dataclasses.replace(contract, golden=dataclasses.replace(contract.golden, **changes))


def test_golden_vectors_that_prove_nothing_are_refused(
    parts: tuple[Linear, Contract, bytes],
) -> None:
    linear, contract, golden = parts
    inputs, data = write_tensors({"X": np.zeros((0, 5))})
    outputs, more = write_tensors(
        {
            "label": np.zeros(0, int),
            "decision": np.zeros((0, 3)),
            "probabilities": np.zeros((0, 3)),
        },
        start_bytes=len(data),
    )
    cases = [
        (without(contract, outputs=contract.golden.outputs[:-1]), golden),
        (without(contract, outputs=()), golden),
        (without(contract, inputs=()), golden),
        (without(contract, rows=7), golden),
        (without(contract, rows=0, inputs=inputs, outputs=outputs), data + more),
        (contract, golden[:-8]),
    ]
    for case, content in cases:
        with pytest.raises(Incompatible, match=r"golden"):
            run_golden(NumpyEngine(linear), case, content)


EDGES = [0.0, -0.0, 1e-300, 1.0, 1.000000001, 1.00000001, 20.0, 20.00000001, 1.7e308, -1.7e308]
EDGES += [math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("output", [SCORE, LABEL], ids=["score", "label"])
def test_the_comparison_without_numpy_lets_through_what_numpys_does(output: Output) -> None:
    output = dataclasses.replace(output, shape=(None, 1))
    for got, want in itertools.product(EDGES, EDGES):
        verdicts = []
        for one, values in ((compare, np.array), (plain_selftest._compare, list)):
            try:
                verdicts.append(one(output, values([got]), values([want]), 1e-9, "in a batch"))
            except Incompatible:
                verdicts.append("refused")
        assert verdicts[0] == verdicts[1], (got, want)
