"""A proven ONNX graph to C99 that needs nothing: no runtime, no libc, no allocation.

    model.onnx ─ reading ─▶ nodes of one row ─ lowering ─▶ IR ─ emission ─▶ edge_model.c, .h
               (ONNX)                        (loops, no ONNX)  (C, no estimator)

It reads the proven graph and the contract, never the estimator: what was certified is what is
compiled. An operator that it lacks is refused by name.
"""

from __future__ import annotations

from convert.native.compiling import compile_model
from convert.native.emission import ABI, Source, emit

__all__ = ["ABI", "Source", "compile_model", "emit"]
