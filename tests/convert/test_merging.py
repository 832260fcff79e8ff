"""Two linear maps made one: no farther from the truth than two, where nothing else reads."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline

import convert
from convert.graph import merging
from convert.graph.emit import emit_model
from convert.graph.merging import merged
from edge_infer.engines.onnxruntime import open_session

RNG = np.random.default_rng(0)
UNIT = 2.0**-53
Step = tuple[str, np.ndarray]


def chain(*steps: Step, shown: int | None = None) -> bytes:
    """The steps one after another over `(n, f)`; the value behind step `shown` is an output too."""
    nodes, constants = [], []
    value = "X"
    for i, (kind, array) in enumerate(steps):
        constants.append(numpy_helper.from_array(array, f"c{i}"))
        output = "y" if i == len(steps) - 1 else f"v{i}"
        nodes.append(helper.make_node(kind, [value, f"c{i}"], [output]))
        value = output
    names = ["y"] if shown is None else ["y", f"v{shown}"]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("X", TensorProto.DOUBLE, [None, len(steps[0][1])])],
        [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in names],
        constants,
    )
    opset = [helper.make_opsetid("", 21)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()


def kinds(model: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_from_string(model).graph.node]


def run(model: bytes, rows: np.ndarray) -> np.ndarray:
    (found,) = open_session(model).run(["y"], {"X": rows})
    return found


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


@pytest.mark.parametrize("spread", [0, 6, 40])
def test_it_errs_by_less_than_two_maps_may(spread):
    """Against the sums in rational numbers, with weights that cancel and differ in magnitude."""
    f, k, m = 24, 5, 2
    left = normal(f, k) * 10.0 ** RNG.integers(-spread, spread + 1, (f, 1))
    right = normal(k, m)
    right[1] = -right[0] * 0.97
    left[:, 1] = left[:, 0] * 1.01
    shift = normal(k)
    rows = normal(12, f) * 10.0 ** RNG.integers(-3, 4, (12, 1))
    model = merged(chain(("MatMul", left), ("Sub", shift), ("MatMul", right)))
    assert kinds(model) == ["MatMul", "Sub"]
    got = run(model, rows)
    exact = np.vectorize(Fraction)
    truth = (exact(rows) @ exact(left) - exact(shift)) @ exact(right)
    terms = (np.abs(rows) @ np.abs(left) + np.abs(shift)) @ np.abs(right)
    error = np.abs((exact(got) - truth).astype(np.float64))
    assert (error <= (f + k + 1) * UNIT * terms).all()


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([("MatMul", normal(9, 4)), ("MatMul", normal(4))], ["MatMul"]),
        (
            [("MatMul", normal(9, 4)), ("Add", normal(4)), ("Sub", normal(1)),
             ("MatMul", normal(4, 3)), ("Add", normal(3))],
            ["MatMul", "Add", "Sub", "Add"],
        ),
        ([("MatMul", normal(9, 9)), ("MatMul", normal(9, 4)), ("MatMul", normal(4, 2))],
         ["MatMul"]),
    ],
    ids=["one column", "shifts", "three maps"],
)  # fmt: skip
def test_what_is_merged(steps, left):
    model = chain(*steps)
    assert kinds(merged(model)) == left
    rows = normal(50, 9)
    np.testing.assert_allclose(run(merged(model), rows), run(model, rows), rtol=0, atol=1e-13)
    assert len({node.name for node in onnx.load_from_string(merged(model)).graph.node}) == len(left)


@pytest.mark.parametrize(
    "model",
    [
        chain(("MatMul", normal(9, 4)), ("MatMul", normal(4, 3)), shown=0),
        chain(("MatMul", normal(9, 4)), ("Sub", normal(4)), ("MatMul", normal(4, 3)), shown=0),
        chain(("MatMul", normal(9, 2)), ("MatMul", normal(2, 9))),
        chain(("MatMul", normal(9, 4)), ("Div", normal(4)), ("MatMul", normal(4, 3))),
        chain(
            ("MatMul", np.repeat(normal(9, 1), 4, axis=1) + 1e-9 * normal(9, 4)),
            ("MatMul", np.array([[1.0], [-1.0], [1.0], [-1.0]]) * normal(1, 3)),
        ),
        chain(("MatMul", np.full((9, 4), 1e200)), ("MatMul", np.full((4, 3), 1e200))),
        chain(
            ("MatMul", normal(9, 4)), ("Sub", np.full(4, 1e300)), ("MatMul", np.full((4, 3), 1e9))
        ),
    ],
    ids=[
        "shown",
        "shown before a shift",
        "larger",
        "not linear",
        "cancels",
        "overflow",
        "shift overflows",
    ],
)
def test_what_is_left_as_it_is(model):
    assert merged(model) == model


def test_a_map_that_two_steps_read_stays():
    X, y = load_digits(return_X_y=True)
    union = FeatureUnion([("a", "passthrough"), ("b", PCA(3))])
    emitted = emit_model(make_pipeline(PCA(8), union, RidgeClassifier()).fit(X, y), 64)
    assert kinds(emitted.onnx).count("MatMul") == 3


@pytest.mark.usefixtures("shorter")
def test_a_pipeline_of_two_maps_is_proven_and_smaller_than_its_weights():
    X, y = load_digits(return_X_y=True)
    X, y = X[:500], y[:500]
    for last in (RidgeClassifier(), LinearRegression()):
        estimator = make_pipeline(PCA(20), last).fit(X, y)
        artifact = convert.export(estimator, X)
        assert kinds(artifact.onnx).count("MatMul") == 1
        assert all(parity.differ == 0 for parity in artifact.contract.certificate.parity)
        assert len(artifact.onnx) < estimator[0].components_.nbytes


@pytest.mark.usefixtures("shorter")
def test_a_product_rounded_to_float32_is_refused(monkeypatch):
    X, y = load_digits(return_X_y=True)
    X, y = X[:500], y[:500]
    own = merging._product
    monkeypatch.setattr(
        merging, "_product", lambda *given: own(*given).astype(np.float32).astype(np.float64)
    )
    with pytest.raises(convert.NotExact):
        convert.export(make_pipeline(PCA(20), RidgeClassifier()).fit(X, y), X)
