"""Compile graphs with this machine's compiler and load them in the engine of the devices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from convert.native.build import emit_source
from convert.native.compilers import compile_shared
from convert.native.emission import ABI
from convert.native.targets import host_target
from edge_infer.contract import (
    FORMAT,
    Certificate,
    Contract,
    Golden,
    Input,
    NativeModel,
    Output,
    Runtimes,
    Source,
)
from edge_infer.engines.native import NativeEngine, open_engine
from edge_infer.engines.onnxruntime import open_session

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Compiled:
    """One estimator's graph, compiled, beside the graph itself."""

    onnx: bytes
    contract: Contract
    shared_object: bytes
    engine: NativeEngine

    def native(self, X: np.ndarray) -> dict[str, Any]:
        return self._run(self.engine, X)

    def graph(self, X: np.ndarray) -> dict[str, Any]:
        return self._run(open_session(self.onnx), X)

    def _run(self, engine: Any, X: np.ndarray) -> dict[str, Any]:
        names = [output.name for output in self.contract.outputs]
        return dict(zip(names, engine.run(names, {"X": X}), strict=True))


def contract_of(outputs: tuple[Output, ...], features: int, **changes: Any) -> Contract:
    """A contract that takes every double."""
    given = Input("X", "float64", (None, features), None, ("float64",), True, True, None)
    plain = Contract(
        format=FORMAT,
        name="test",
        sequence=1,
        created="2026-01-01T00:00:00+00:00",
        expires=None,
        target="generic",
        inputs=(given,),
        image=None,
        outputs=outputs,
        classes=None,
        golden=Golden(0, (), ()),
        certificate=Certificate(1e-9, (), (), "test", ()),
        source=Source("test", None, {}),
        runtimes=Runtimes("1.21", ()),
    )
    return replace(plain, **changes)


def load(onnx: bytes, contract: Contract) -> Compiled:
    source = emit_source(onnx, contract)
    target = host_target()
    data = compile_shared(source, target)
    entry = NativeModel(
        target.name,
        f"native/{target.name}.so",
        "",
        len(data),
        ABI,
        source.workspace_bytes,
        source.row_bytes,
        0,
    )
    contract = replace(contract, native=(entry,))
    return Compiled(onnx, contract, data, open_engine(data, contract, entry))
