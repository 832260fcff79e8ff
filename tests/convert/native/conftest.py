"""Models compiled by this machine's compiler and loaded by the engine that devices run."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # as a test file of this folder imports it

import native_builder

from convert.graph.emit import emit_model
from edge_infer.contract import Output

if TYPE_CHECKING:
    from collections.abc import Callable


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a compiler nothing here can run, and says so by name."""
    if any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        return
    for item in items:
        if "/native/" in str(item.path):
            item.add_marker(pytest.mark.skip(reason="no C compiler for this machine is installed"))


@pytest.fixture(scope="session")
def compiled() -> Callable[[Any, int], native_builder.Compiled]:
    """Compile a fitted estimator without proving it: the tests compare for themselves."""

    def make(estimator: Any, features: int) -> native_builder.Compiled:
        emitted = emit_model(estimator, features, brief=True)
        outputs = tuple(
            Output(o.verb, o.name, o.dtype, o.shape, o.kind, 0.0) for o in emitted.outputs
        )
        contract = native_builder.contract_of(
            outputs, features, checks=emitted.checks, classes=emitted.classes
        )
        return native_builder.load(emitted.onnx, contract)

    return make
