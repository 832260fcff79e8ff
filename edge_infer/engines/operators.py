"""The operators that a graph may use: arithmetic on tensors, each of them bounded and pure.

All that `convert` emits stands here, and beside it, as a margin for its next emitters, operators
of the same sort: element by element, reductions, and moving elements about. Absent for good are
control flow (`If`, `Loop`, `Scan`), sequences and optionals, randomness, strings' own operators,
values out of a number alone (`ConstantOfShape`, `Range`, `Tile`, `Resize`), and every domain but
these two. `Expand` and `Pad` may still ask for more memory than there is: an error of that call.
"""

from __future__ import annotations

_ELEMENT_BY_ELEMENT = (
    "Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift Cast Ceil Clip Cos Cosh Div Equal Erf "
    "Exp Floor Greater GreaterOrEqual Identity IsInf IsNaN Less LessOrEqual Log Max Mean Min Mod "
    "Mul Neg Not Or Pow Reciprocal Relu Round Sigmoid Sign Sin Sinh Softplus Sqrt Sub Sum Tan "
    "Tanh Where Xor"
)
_REDUCTIONS = (
    "ArgMax ArgMin CumSum Gemm LogSoftmax MatMul ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp "
    "ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Softmax TopK"
)
_MOVEMENT = (
    "Compress Concat Expand Flatten Gather GatherElements GatherND Pad Reshape "
    "ScatterElements ScatterND Shape Size Slice Split Squeeze Transpose Unsqueeze"
)
_LEARNED = "ArrayFeatureExtractor LabelEncoder TreeEnsemble"

OPERATORS: dict[str, frozenset[str]] = {
    "": frozenset(f"{_ELEMENT_BY_ELEMENT} {_REDUCTIONS} {_MOVEMENT}".split()),
    "ai.onnx.ml": frozenset(_LEARNED.split()),
}
"""Domain to operators."""

MAX_OPSETS = {"": 21, "ai.onnx.ml": 5}
"""onnxruntime 1.21, the oldest that is served, reads no newer operator sets."""

MIN_IR, MAX_IR = 8, 10
