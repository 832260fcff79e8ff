"""The onnxruntime engine: releases, and a session that stays small and quiet."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from artifact_builder import random_linear
from onnx import TensorProto, helper

from edge_infer.contract import Runtimes
from edge_infer.engines.onnxruntime import REFUSED, check_release, open_session
from edge_infer.errors import Incompatible, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

NO_MORE = Runtimes("1.0", ())


@pytest.mark.parametrize(
    "version", ["1.26.0", "1.27.1", "1.20.9", "1.9.0", "0.99.0", "1.26.0rc1", "1.27.0+cpu"]
)
def test_releases_that_predict_something_else_are_refused(version: str) -> None:
    with pytest.raises(Incompatible, match="does not predict") as caught:
        check_release(version, NO_MORE)
    assert caught.value.hint == "pip install 'onnxruntime>=1.21,!=1.26.*,!=1.27.*'"


@pytest.mark.parametrize("version", ["1.21.0", "1.25.1", "1.28.0", "1.32.0", "1.100.0", "2.0.0"])
def test_other_releases_pass(version: str) -> None:
    check_release(version, NO_MORE)


def test_the_contract_can_only_refuse_more() -> None:
    check_release("1.30.0", Runtimes("1.22", ("1.31",)))
    for version in ("1.31.0", "1.21.0", *(f"{release}.0" for release in REFUSED)):
        with pytest.raises(Incompatible):
            check_release(version, Runtimes("1.22", ("1.31",)))


@pytest.mark.parametrize("version", ["", "1", "one.two", "1.x"])
def test_a_release_without_a_number_is_refused(version: str) -> None:
    with pytest.raises(Incompatible, match="no number"):
        check_release(version, NO_MORE)


def test_one_thread_that_does_not_spin() -> None:
    options = open_session(random_linear(4, "ab").onnx())._session.get_session_options()
    assert options.intra_op_num_threads == 1
    assert options.inter_op_num_threads == 1
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def reshape_to_2_3() -> bytes:
    """A graph that fails within a node for every X but those of six values."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Reshape", ["X", "shape"], ["y"])],
        "g",
        [value("X", TensorProto.DOUBLE, [None, 4])],
        [value("y", TensorProto.DOUBLE, None)],
        [helper.make_tensor("shape", TensorProto.INT64, [2], [2, 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(model.SerializeToString())


def test_failing_graphs_and_runs_print_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Incompatible):
        open_session(b"no graph")
    with pytest.raises(Unavailable, match="INVALID_ARGUMENT"):
        open_session(random_linear(4, "ab").onnx()).run(["label"], {"X": np.zeros((1, 5))})
    with pytest.raises(Unavailable, match="Reshape"):
        open_session(reshape_to_2_3()).run(["y"], {"X": np.zeros((1, 4))})
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


def run_python(code: str, **variables: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_an_onnxruntime_imported_with_telemetry_is_refused(tmp_path: Path) -> None:
    code = (
        "import onnxruntime\n"
        "from edge_infer.engines.onnxruntime import import_silently\n"
        "try: print(import_silently().__name__)\n"
        "except Exception as error: print(type(error).__name__, error.hint)\n"
    )
    assert run_python(code, HOME=str(tmp_path)).startswith(Unavailable.__name__)
    assert run_python(code, HOME=str(tmp_path), ORT_DISABLE_TELEMETRY="1") == "onnxruntime"


def test_importing_through_us_turns_telemetry_off(tmp_path: Path) -> None:
    code = "from edge_infer.engines.onnxruntime import import_silently as i; print(i() is i())"
    assert run_python(code, HOME=str(tmp_path)) == "True"
    assert list(tmp_path.iterdir()) == []
