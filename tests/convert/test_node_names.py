"""Nodes have names of their own: onnxruntime 1.21 makes more of them, and refuses one twice."""

from __future__ import annotations

import onnx
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB

import convert


def test_every_node_has_a_short_name_of_its_own():
    X, y = load_iris(return_X_y=True)
    estimator = CalibratedClassifierCV(GaussianNB(), cv=2, method="isotonic").fit(X, y)
    artifact = convert.export(estimator, X)
    names = [node.name for node in onnx.load_from_string(artifact.onnx).graph.node]
    assert len(names) > 40
    assert len(set(names)) == len(names)
    assert all(0 < len(name) <= 4 for name in names)
