"""Writing a graph costs as much for each node of a large one as for each of a small one."""

from __future__ import annotations

import time

import numpy as np
from sklearn.linear_model import LinearRegression

from convert.graph.builder import Graph
from convert.graph.emitted import EmittedOutput
from convert.graph.onnx_model import to_onnx

PREDICTION = EmittedOutput("predict", "prediction", "float64", (None, 1), "score")


def seconds_a_node(nodes: int) -> float:
    g = Graph()
    x = g.x
    for _ in range(nodes):
        x = g.op("Neg", x)
    started = time.process_time()
    to_onnx(LinearRegression(), g, {"prediction": x}, [PREDICTION], n_features=1)
    return (time.process_time() - started) / nodes


def test_time_is_linear_in_the_nodes() -> None:
    seconds_a_node(10)  # imports
    small = np.median([seconds_a_node(1000) for _ in range(3)])
    assert seconds_a_node(8000) < 3 * small, "eight times the nodes; it was eight times a node"
