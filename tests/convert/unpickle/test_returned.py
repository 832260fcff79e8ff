"""What comes back from the child is checked as if the pickle had taken the child over."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from sklearn.linear_model import LogisticRegression

import convert
from convert.unpickle import wire
from convert.unpickle.parent import Returned
from convert.unpickle.returned import check_returned
from edge_infer.contract import Image, write_contract
from edge_infer.errors import Untrusted

SHA256 = "0" * 64
REQUEST = wire.Request(
    name="model", sequence=3, image=None, expires=None, target="generic", source_sha256=SHA256,
    columns=None, pairs=(), memory_bytes=1, cpu_s=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def artifact() -> convert.Artifact:
    X = np.random.default_rng(0).normal(size=(60, 3))
    estimator = LogisticRegression().fit(X, X[:, 0] > 0)
    return convert.export(estimator, X, sequence=3, source_sha256=SHA256)


@pytest.fixture
def returned(artifact: convert.Artifact) -> Returned:
    return Returned(write_contract(artifact.contract), artifact.onnx, artifact.golden)


def test_an_honest_artifact_passes_unchanged(artifact, returned: Returned) -> None:
    assert check_returned(returned, REQUEST) == artifact


@pytest.mark.parametrize(
    "other",
    [
        {"name": "other"},
        {"sequence": 4},
        {"target": "router"},
        {"expires": "2027-01-01"},
        {"source_sha256": "1" * 64},
        {"image": Image("X", "L", 3, 1, 0.0, 1.0, False, "bilinear")},
    ],
)
def test_a_contract_other_than_asked_is_refused(returned: Returned, other: dict[str, Any]) -> None:
    with pytest.raises(Untrusted, match="does not hold"):
        check_returned(returned, replace(REQUEST, **other))


@pytest.mark.parametrize("contract", [b"", b"{}", b"[" * 100000, b'{"format": 99}', b"\xff"])
def test_a_contract_that_is_none_is_refused(returned: Returned, contract: bytes) -> None:
    with pytest.raises(Untrusted):
        check_returned(replace(returned, contract=contract), REQUEST)


def edited(returned: Returned, **golden: Any) -> Returned:
    contract = json.loads(returned.contract)
    for tensor in contract["golden"]["inputs"] + contract["golden"]["outputs"]:
        tensor.update(golden)
    return replace(returned, contract=json.dumps(contract).encode())


@pytest.mark.parametrize(
    "golden",
    [
        {"offset_bytes": 1 << 40},
        {"offset_bytes": -8},
        {"size_bytes": 1 << 40},
        {"shape": [1 << 40]},
    ],
)
def test_golden_tensors_outside_the_file_are_refused(returned: Returned, golden: Any) -> None:
    with pytest.raises(Untrusted):
        check_returned(edited(returned, **golden), REQUEST)


def test_golden_vectors_that_the_graph_does_not_give_are_refused(returned: Returned) -> None:
    contract = json.loads(returned.contract)
    score = next(t for t in contract["golden"]["outputs"] if t["dtype"] == "float64")
    golden = bytearray(returned.golden)
    golden[score["offset_bytes"] + 6] ^= 1
    with pytest.raises(Untrusted):
        check_returned(replace(returned, golden=bytes(golden)), REQUEST)
    with pytest.raises(Untrusted):
        check_returned(replace(returned, golden=returned.golden[:-8]), REQUEST)


def test_a_certificate_that_counts_a_difference_is_refused(returned: Returned) -> None:
    contract = json.loads(returned.contract)
    contract["certificate"]["parity"][0]["differ"] = 1
    with pytest.raises(Untrusted, match="does not hold"):
        check_returned(replace(returned, contract=json.dumps(contract).encode()), REQUEST)


def test_bytes_that_are_no_graph_are_refused(returned: Returned) -> None:
    for graph in (b"", b"\xff" * 100, returned.onnx[:50], returned.onnx[: len(returned.onnx) // 2]):
        with pytest.raises(Untrusted):
            check_returned(replace(returned, onnx=graph), REQUEST)


def hostile(change: str, data: bytes) -> bytes:
    """The honest graph with one thing in it that arithmetic does not need."""
    model = onnx.load_model_from_string(data)
    body = helper.make_graph([], "body", [], [])
    match change:
        case "loop":
            model.graph.node.append(helper.make_node("Loop", ["", ""], ["y"], body=body))
        case "if":
            model.graph.node.append(
                helper.make_node("If", ["x"], ["y"], then_branch=body, else_branch=body)
            )
        case "domain":
            model.graph.node.append(helper.make_node("Run", [], ["y"], domain="com.evil"))
        case "opset":
            model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
        case "future opset":
            model.opset_import[0].version = 99
        case "future ir":
            model.ir_version = 99
        case "function":
            model.functions.append(
                helper.make_function("f", "F", [], [], [], [helper.make_opsetid("", 21)])
            )
        case "other file":
            tensor = helper.make_tensor("w", TensorProto.FLOAT, [1], [0.0])
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="../../etc/passwd")
            model.graph.initializer.append(tensor)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    "change",
    ["loop", "if", "domain", "opset", "future opset", "future ir", "function", "other file"],
)
def test_a_graph_that_is_more_than_arithmetic_is_refused(returned: Returned, change: str) -> None:
    with pytest.raises(Untrusted, match="does not hold"):
        check_returned(replace(returned, onnx=hostile(change, returned.onnx)), REQUEST)
