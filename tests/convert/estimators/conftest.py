"""Run an emitted graph beside the estimator it mirrors."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class SideBySide:
    estimator: Any
    outputs: dict[str, str]
    session: Any

    def got(self, verb: str, rows: np.ndarray) -> np.ndarray:
        found: np.ndarray = self.session.run([self.outputs[verb]], {"X": rows})[0]
        return found

    def want(self, verb: str, rows: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return np.asarray(getattr(self.estimator, verb)(rows))

    def assert_same_bits(self, verb: str, rows: np.ndarray) -> None:
        """Equal to the last bit, in a batch and row by row."""
        np.testing.assert_array_equal(self.got(verb, rows), self.want(verb, rows))
        single = np.concatenate([self.got(verb, row[None, :]) for row in rows[:50]])
        np.testing.assert_array_equal(single, self.want(verb, rows)[:50])

    def assert_close(self, verb: str, rows: np.ndarray, *, relative: float = 1e-9) -> None:
        """|got - want| <= relative * max(|want|, S), S the largest |want|."""
        got, want = self.got(verb, rows), self.want(verb, rows)
        assert got.shape == want.shape
        assert got.dtype == want.dtype
        bound = relative * np.maximum(np.abs(want), np.abs(want).max())
        assert np.all(np.abs(got - want) <= bound)

    def assert_all_close(self, rows: np.ndarray) -> None:
        """Every verb that the graph serves; labels equal."""
        for verb, name in self.outputs.items():
            if name == "label":
                np.testing.assert_array_equal(self.got(verb, rows), self.want(verb, rows))
            else:
                self.assert_close(verb, rows)


@pytest.fixture
def side_by_side():
    def build(estimator: Any, n_features: int, *, brief: bool = False) -> SideBySide:
        from convert.graph.emit import emit_model
        from edge_infer.engines.onnxruntime import open_session

        emitted = emit_model(estimator, n_features, brief=brief)
        session = open_session(emitted.onnx)
        outputs = {output.verb: output.name for output in emitted.outputs}
        return SideBySide(estimator, outputs, session)

    return build


@dataclass(frozen=True)
class WithChecks:
    """The rows that a transformer refuses, and what it makes of the others."""

    estimator: Any
    messages: tuple[str, ...]
    names: tuple[str, ...]
    session: Any

    def run(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`transform` of the rows, and which of them are refused."""
        transformed, *marks = self.session.run(["transformed", *self.names], {"X": rows})
        return transformed, np.any(marks, axis=0)

    def assert_refuses_what_scikit_learn_refuses(self, rows: np.ndarray) -> None:
        transformed, refused = self.run(rows)
        assert refused.dtype == np.bool_
        for row, got, marked in zip(rows, transformed, refused, strict=True):
            try:
                want = self.estimator.transform(row[None])
            except ValueError:
                assert marked, row
            else:
                assert not marked, row
                want = want.toarray() if hasattr(want, "toarray") else want
                np.testing.assert_array_equal(got, want[0])
        assert refused.any()
        assert not refused.all()


@pytest.fixture
def with_checks():
    """For transformers that raise on some rows."""

    def build(estimator: Any, n_features: int) -> WithChecks:
        from convert.graph.emit import emit_model
        from edge_infer.engines.onnxruntime import open_session

        emitted = emit_model(estimator, n_features)
        session = open_session(emitted.onnx)
        return WithChecks(
            estimator,
            tuple(check.message for check in emitted.checks),
            tuple(check.name for check in emitted.checks),
            session,
        )

    return build
