"""From an artifact's graph and contract to the IR of all its verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convert.native.ir import Model, Policy
from convert.native.lowering import lower
from convert.native.reading import read_graph
from convert.native.rows import Tables, unsupported
from edge_infer.contract.inputs import is_typed

if TYPE_CHECKING:
    from edge_infer.contract import Contract


def compile_model(onnx: bytes, contract: Contract) -> Model:
    """The programs of every verb of the contract, and of its refusals as `refused`.

    Raises:
        Unsupported: an operator or an input has no native form.
        Incompatible: `onnx` is no model.
    """
    if is_typed(contract.inputs):
        raise unsupported("columns of text", [wanted.name for wanted in contract.inputs])
    graph = read_graph(onnx)
    (wanted,) = contract.inputs
    by_verb: dict[str, dict[str, str]] = {}
    for output in contract.outputs:
        by_verb.setdefault(output.verb, {})[output.name] = output.dtype
    if contract.checks:
        by_verb["refused"] = {check.name: "bool" for check in contract.checks}
    tables = Tables()
    strings: dict[str, int] = {}
    programs = tuple(
        lower(graph, verb, outputs, tables=tables, strings=strings, nan=wanted.nan)
        for verb, outputs in by_verb.items()
    )
    if graph.input != wanted.name or not programs:
        raise unsupported("a graph of other inputs than its contract's", graph.input)
    return Model(
        name=contract.name,
        features=graph.features,
        policy=Policy(wanted.nan, wanted.infinite, wanted.limit),
        programs=programs,
        checks=tuple(check.message for check in contract.checks),
        strings=tuple(strings),
    )
