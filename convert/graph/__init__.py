"""A recorded ONNX graph, and its way through skl2onnx into a model file."""

from __future__ import annotations

from convert.graph.builder import Graph, Tensor
from convert.graph.emitted import Emitted, EmittedOutput
from convert.graph.onnx_model import ML_OPSET, OPSET, to_onnx

__all__ = ["ML_OPSET", "OPSET", "Emitted", "EmittedOutput", "Graph", "Tensor", "to_onnx"]
