"""Wrong graphs for the prover, made from right ones."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from convert.errors import NotExact
from convert.graph.emit import emit_model
from convert.progress import quiet
from convert.prove import prove


def _rewritten(emitted, change):
    """The emitted graph after `change(onnx.GraphProto)`."""
    model = onnx.load_model_from_string(emitted.onnx)
    change(model.graph)
    return replace(emitted, onnx=model.SerializeToString())


def _nodes(graph, op_type):
    return [node for node in graph.node if node.op_type == op_type]


def _set_attribute(node, name, change):
    """Replace an attribute of `node` by `change(array)`."""
    for position, attribute in enumerate(node.attribute):
        if attribute.name != name:
            continue
        value = helper.get_attribute_value(attribute)
        is_tensor = isinstance(value, onnx.TensorProto)
        array = numpy_helper.to_array(value) if is_tensor else np.array(value)
        changed = change(array.copy())
        made = numpy_helper.from_array(changed) if is_tensor else changed.tolist()
        node.attribute[position].CopyFrom(helper.make_attribute(name, made))
        return
    raise AssertionError(f"{node.op_type} has no {name}")


def _set_constant(graph, name, change):
    """Replace an initializer by `change(array)`."""
    for position, tensor in enumerate(graph.initializer):
        if tensor.name == name:
            changed = np.asarray(change(numpy_helper.to_array(tensor).copy()))
            graph.initializer[position].CopyFrom(numpy_helper.from_array(changed, name))
            return
    raise AssertionError(f"no constant {name}")


def _insert_before(graph, node, op_types, position=0):
    """Put unary operators in front of one input of `node`."""
    value = node.input[position]
    at = list(graph.node).index(node)
    for number, (op_type, attributes) in enumerate(op_types):
        name = f"wrong_{number}"
        graph.node.insert(at + number, helper.make_node(op_type, [value], [name], **attributes))
        value = name
    node.input[position] = value


_passed = {}


def _refused(estimator, wrong, samples):
    """The refusal of a wrong graph, after the right one has passed."""
    if _passed.get(id(estimator)) is not estimator:
        prove(estimator, emit_model(estimator, samples.shape[1]), samples, progress=quiet)
        _passed[id(estimator)] = estimator
    with pytest.raises(NotExact) as caught:
        prove(estimator, wrong, samples, progress=quiet)
    return caught.value


@pytest.fixture(autouse=True)
def shorter(monkeypatch):
    """Fewer rows than a real proof tries, so that many proofs fit into a test run."""
    from convert.prove.effort import Bounds

    few = Bounds(probes=(1200, 2400), alone=(70, 140), engine=(600, 2400), row_buffers=500)
    monkeypatch.setattr("convert.prove.effort.BOUNDS", few)


@pytest.fixture(scope="session")
def tamper():
    """Tools that make a graph wrong in one way."""
    return SimpleNamespace(
        rewritten=_rewritten,
        nodes=_nodes,
        set_attribute=_set_attribute,
        set_constant=_set_constant,
        insert_before=_insert_before,
        refused=_refused,
    )


@pytest.fixture(scope="session")
def blobs():
    """Three overlapping classes in four columns: X `(180, 4)`, y in 0, 1, 2."""
    rng = np.random.default_rng(7)
    y = np.repeat([0, 1, 2], 60)
    return rng.normal(size=(180, 4)) + 0.8 * y[:, None], y


@pytest.fixture(scope="session")
def holes(blobs):
    """The same with a tenth of the values missing."""
    X, y = blobs
    X = X.copy()
    X[np.random.default_rng(8).random(X.shape) < 0.1] = np.nan
    return X, y
