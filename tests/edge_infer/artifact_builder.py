"""Signed artifacts without `convert`: a linear classifier whose answers numpy knows.

The graph is Sub, Div, MatMul, Add, ArgMax, Gather and Softmax; the expected outputs are
computed here in numpy, so a wrong runtime cannot agree with itself.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from edge_infer.contract import (
    FORMAT,
    Certificate,
    Classes,
    Contract,
    Golden,
    Image,
    Input,
    Output,
    Parity,
    ProbeCount,
    Runtimes,
    Source,
    write_contract,
)
from edge_infer.contract.golden import write_tensors
from edge_infer.trust.signing import sign_tree

if TYPE_CHECKING:
    from pathlib import Path

_ELEMENT = {"int64": TensorProto.INT64, "float64": TensorProto.DOUBLE, "str": TensorProto.STRING}


@dataclass(frozen=True)
class Linear:
    """label = classes[argmax(((X - mean) / scale) @ W + b)]."""

    mean: np.ndarray
    scale: np.ndarray
    W: np.ndarray
    b: np.ndarray
    classes: np.ndarray

    @property
    def dtype(self) -> str:
        """The contract's name for the dtype of the classes."""
        return "str" if self.classes.dtype.kind in "UO" else self.classes.dtype.name

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        return ((X - self.mean) / self.scale) @ self.W + self.b

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        raised = np.exp(self.decision_function(X) - self.decision_function(X).max(1, keepdims=True))
        return raised / raised.sum(1, keepdims=True)

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.classes[self.decision_function(X).argmax(axis=1)]

    def onnx(self) -> bytes:
        """The graph with outputs label, decision and probabilities."""
        kind = "int64" if self.dtype == "bool" else self.dtype
        labels = [v.encode() if kind == "str" else v for v in self.classes.tolist()]
        f, k = self.W.shape
        constants = [
            helper.make_tensor(name, TensorProto.DOUBLE, value.shape, value.ravel())
            for name, value in (("m", self.mean), ("s", self.scale), ("W", self.W), ("b", self.b))
        ]
        constants.append(helper.make_tensor("classes", _ELEMENT[kind], [k], labels))
        nodes = [
            helper.make_node("Sub", ["X", "m"], ["centred"]),
            helper.make_node("Div", ["centred", "s"], ["scaled"]),
            helper.make_node("MatMul", ["scaled", "W"], ["product"]),
            helper.make_node("Add", ["product", "b"], ["decision"]),
            helper.make_node("ArgMax", ["decision"], ["index"], axis=1, keepdims=0),
            helper.make_node("Gather", ["classes", "index"], ["label"]),
            helper.make_node("Softmax", ["decision"], ["probabilities"], axis=1),
        ]
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            nodes,
            "linear",
            [value("X", TensorProto.DOUBLE, [None, f])],
            [
                value("label", _ELEMENT[kind], [None]),
                value("decision", TensorProto.DOUBLE, [None, k]),
                value("probabilities", TensorProto.DOUBLE, [None, k]),
            ],
            constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


def random_linear(f: int = 64, classes: Any = range(10), *, seed: int = 0) -> Linear:
    rng = np.random.default_rng(seed)
    labels = np.array(list(classes))
    k = len(labels)
    return Linear(
        rng.normal(size=f),
        rng.uniform(1, 2, f),
        rng.normal(size=(f, k)),
        rng.normal(size=k),
        labels,
    )


def weather() -> Linear:
    """Two named columns, celsius and humidity, and three classes of text."""
    W = np.array([[-1.0, 0.0, 1.0], [0.01, 0.0, 0.01]])[:, [0, 2, 1]]
    b = np.array([12.0, -30.0, 0.0])
    return Linear(np.zeros(2), np.ones(2), W, b, np.array(["cold", "hot", "warm"]))


def golden_rows(model: Linear, rows: int = 8) -> np.ndarray:
    return np.random.default_rng(99).normal(size=(rows, len(model.mean)), scale=20.0)


def contract_parts(model: Linear, X: np.ndarray) -> tuple[Contract, bytes]:
    """A contract and its golden.bin."""
    label = model.predict(X)
    wanted = {
        "label": label.astype("int64") if model.dtype == "bool" else label,
        "decision": model.decision_function(X),
        "probabilities": model.predict_proba(X),
    }
    inputs, first = write_tensors({"X": X})
    outputs, second = write_tensors(wanted, start_bytes=len(first))
    verbs = {"predict": "label", "decision_function": "decision", "predict_proba": "probabilities"}
    contract = Contract(
        format=FORMAT,
        name="linear",
        sequence=1,
        created="2026-11-23T00:00:00+00:00",
        expires=None,
        target="generic",
        inputs=(Input("X", "float64", (None, X.shape[1]), None, ("float64",), False, False, None),),
        image=None,
        outputs=tuple(
            Output(
                verb=verb,
                name=name,
                dtype=model.dtype if name == "label" else "float64",
                shape=(None, *wanted[name].shape[1:]),
                kind="label" if name == "label" else "score",
                scale=0.0 if name == "label" else float(np.abs(wanted[name]).max()),
            )
            for verb, name in verbs.items()
        ),
        classes=Classes(model.dtype, tuple(model.classes.tolist())),
        golden=Golden(len(X), inputs, outputs),
        certificate=Certificate(
            relative_tolerance=1e-9,
            probes=(ProbeCount("samples", len(X)),),
            parity=(Parity("label", len(X), 0, 0, 0.0, 0.0),),
            engine="onnxruntime 1.32.0",
            notes=("transform: the last step has none",),
        ),
        source=Source("sklearn.linear_model.LogisticRegression", None, {"python": "3.11"}),
        runtimes=Runtimes("1.21", ("1.26", "1.27")),
    )
    return contract, first + second


def write_artifact(
    out: Path,
    key: Path,
    model: Linear,
    *,
    onnx_bytes: bytes | None = None,
    golden: bytes | None = None,
    input_changes: dict[str, Any] | None = None,
    golden_changes: Golden | None = None,
    **changes: Any,
) -> Path:
    """Write and sign an artifact; `changes` are fields of the contract."""
    contract, golden_bytes = contract_parts(model, golden_rows(model))
    if input_changes:
        changes["inputs"] = (dataclasses.replace(contract.inputs[0], **input_changes),)
    if golden_changes:
        changes["golden"] = golden_changes
    files = {
        "contract.json": write_contract(dataclasses.replace(contract, **changes)),
        "model.onnx": model.onnx() if onnx_bytes is None else onnx_bytes,
        "golden.bin": golden_bytes if golden is None else golden,
    }
    return write_signed(out, key, files)


def write_signed(out: Path, key: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (out / "model.sig").write_bytes(sign_tree(files, key=key, name=out.name))
    return out


def write_bundle(out: Path, key: Path, artifact: Path) -> Path:
    """A bundle around an artifact, under a signature of its own."""
    files = {f"artifact/{p.name}": p.read_bytes() for p in artifact.iterdir()}
    return write_signed(out, key, {**files, "bundle.json": b"{}\n", "run": b"#!/bin/sh\n"})


def digits_image(**changes: Any) -> Image:
    image = Image("X", "L", 8, 8, 0.0, 16.0, False, "bilinear")
    return dataclasses.replace(image, **changes)
