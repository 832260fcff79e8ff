"""Which operators compute in float32, and which stay in double where their input is exact."""

from __future__ import annotations

_COMPARISONS = "Equal Greater GreaterOrEqual Less LessOrEqual IsNaN IsInf"
_MOVEMENT = (
    "Compress Concat Expand Flatten Gather GatherElements GatherND Identity Reshape Slice Split "
    "Squeeze Transpose Unsqueeze"
)
_BY_COLUMN = "Add Sub Mul Div Clip Max Min Abs Neg Floor Where"
_SINGLE = (
    "Abs Add ArgMax ArgMin Ceil Clip Cos CumSum Div Exp Floor Gemm Log LogSoftmax MatMul Max Mean "
    "Min Mod Mul Neg Pad Pow Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax "
    "ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Round ScatterElements "
    "ScatterND Sigmoid Sign Sin Softmax Sqrt Sub Sum Tanh TopK Where"
)

COMPARISONS = frozenset(_COMPARISONS.split())
"""They give bool, and are exact in double on what is exact."""

MOVEMENT = frozenset(_MOVEMENT.split())
"""They change no number."""

BY_COLUMN = frozenset(_BY_COLUMN.split())
"""Of one exact tensor and small constants they are as cheap in double as in float32."""

SINGLE = frozenset(_SINGLE.split())
"""They have a float32 kernel in every onnxruntime that is served; others stay in double."""
