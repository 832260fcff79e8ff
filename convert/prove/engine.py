"""The graph as the device runs it: the runtime's own onnxruntime engine, in every way it is run."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import NotExact
from convert.graph.folding import over_constants
from edge_infer.engines.onnxruntime import open_session
from edge_infer.errors import Incompatible
from edge_infer.text import Counter, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from convert.graph.columns import Column, TextInput
    from convert.graph.emitted import Emitted
    from convert.table import TableCodec
    from edge_infer.engines.onnxruntime import OnnxruntimeEngine

INPUT = "X"
LARGE_BATCH = 100
"""The largest batch: kernels take rows x support vectors x columns doubles of memory."""


class Graph:
    """One session over the emitted bytes, asked for all outputs at once."""

    def __init__(self, emitted: Emitted, codec: TableCodec | None = None) -> None:
        self.codec = codec
        self._onnx = emitted.onnx
        self._inputs: list[Column | TextInput] = [*emitted.columns, *emitted.texts]
        self._counters = {str(one.tensor): Counter(one.text) for one in emitted.texts}
        try:
            self._engine = open_session(emitted.onnx)
        except Incompatible as error:
            raise NotExact(
                "onnxruntime does not open the exported graph", actual=error.actual or error.what
            ) from error
        self.engine = f"{self._engine.name} {self._engine.version}"
        self._names: Sequence[str] = [output.name for output in emitted.outputs]
        self.checks: Sequence[str] = [check.name for check in emitted.checks]

    def run(self, X: NDArray[np.float64]) -> Mapping[str, NDArray[Any]]:
        """All outputs for the rows `(n, f)`.

        Raises:
            NotExact: the graph fails where scikit-learn answered.
        """
        return dict(zip(self._names, self._run(self._names, X), strict=True))

    def keeps_products_finite(self, X: NDArray[np.float64]) -> bool:
        """Whether every sum of products in the graph is finite on the rows `(n, f)`.

        A function that saturates may hide that one is not. Where large terms of both signs meet,
        their sum is an infinity if the processor fuses products and sums, and else NaN.
        """
        if self._products is None:
            return True
        engine, names = self._products
        return all(np.isfinite(found).all() for found in engine.run(names, self.feeds(X)))

    @cached_property
    def _products(self) -> tuple[OnnxruntimeEngine, list[str]] | None:
        from onnx import ValueInfoProto, load_model_from_string

        model = load_model_from_string(self._onnx)
        nodes = over_constants(model.graph)[1]
        names = [node.output[0] for node in nodes if node.op_type == "MatMul"]
        if not names:
            return None
        del model.graph.output[:]
        model.graph.output.extend(ValueInfoProto(name=name) for name in names)
        return open_session(model.SerializeToString()), names

    def refused(self, X: NDArray[np.float64], size: int = LARGE_BATCH) -> NDArray[np.bool_]:
        """`(n,)`: rows that some check marks, `size` of them run at a time.

        Raises:
            NotExact: the graph fails.
        """
        marked = np.zeros(len(X), dtype=bool)
        if self.checks:
            for start in range(0, len(X), size):
                marks = self._run(self.checks, X[start : start + size])
                marked[start : start + size] = np.any(marks, axis=0)
        return marked

    def _run(self, names: Sequence[str], X: NDArray[np.float64]) -> list[NDArray[Any]]:
        try:
            return self._engine.run(names, counted(self.feeds(X), self._counters))
        except Exception as error:  # onnxruntime's exceptions share no base class of their own
            raise NotExact(
                "the exported graph fails on rows that scikit-learn answers",
                expected=f"answers for {len(X)} rows",
                actual=str(error),
            ) from error

    def feeds(self, X: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
        """The rows, or codes of rows, as the graph's inputs take them; documents uncounted."""
        if self.codec is None:
            return {INPUT: np.ascontiguousarray(X)}
        return self.codec.feeds(X, self._inputs)

    def in_batches(self, X: NDArray[np.float64], size: int) -> Mapping[str, NDArray[Any]]:
        """All rows, `size` of them at a time."""
        parts = [self.run(X[i : i + size]) for i in range(0, len(X), size)]
        return {name: np.concatenate([part[name] for part in parts]) for name in self._names}

    def with_marks(
        self, X: NDArray[np.float64], size: int = LARGE_BATCH
    ) -> tuple[Mapping[str, NDArray[Any]], NDArray[np.bool_]]:
        """`in_batches` and `refused` at once, which share most of their work."""
        names = [*self._names, *self.checks]
        parts = [self._run(names, X[i : i + size]) for i in range(0, len(X), size)]
        found = dict(zip(names, map(np.concatenate, zip(*parts, strict=True)), strict=True))
        marks = [found.pop(name) for name in self.checks]
        return found, np.any([np.zeros(len(X), dtype=bool), *marks], axis=0)

    def in_row_buffers(self, X: NDArray[np.float64]) -> Mapping[str, NDArray[Any]]:
        """Rows one by one through the bound buffers of `predict_one`, where outputs have them."""
        found: dict[str, NDArray[Any]] = {}
        if self.codec is not None:
            return found
        for name in self._names:
            bound = self._engine.bind_row(INPUT, name)
            if bound is None:
                continue
            answers = []
            for row in X:
                bound.row[0] = row
                bound.run()
                answers.append(bound.output.copy())
            found[name] = np.concatenate(answers)
        return found
