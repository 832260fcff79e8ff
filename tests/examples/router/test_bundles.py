"""Which engine a judge has, on the shipped bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from examples.router import bundles

if TYPE_CHECKING:
    from edge_infer import Model


def engine_of(monkeypatch: pytest.MonkeyPatch, engine: str | None, *, one_by_one: bool) -> str:
    models: list[Model] = []
    monkeypatch.setattr(bundles, "Judge", models.append)
    bundles.open_judge(engine=engine, one_by_one=one_by_one)
    (model,) = models
    return model.engine.split()[0]


@pytest.mark.parametrize(
    ("asked", "one_by_one", "found"),
    [
        (None, True, "native"),
        (None, False, "onnxruntime"),
        ("onnxruntime", True, "onnxruntime"),
        ("native", False, "native"),
    ],
)
def test_rows_alone_go_to_the_native_engine_unless_another_is_named(
    asked: str | None, one_by_one: bool, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine_of(monkeypatch, asked, one_by_one=one_by_one) == found


def test_a_machine_that_it_was_not_compiled_for_has_onnxruntime(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge_infer.engines.choice.target_here", lambda: "riscv64")
    assert engine_of(monkeypatch, None, one_by_one=True) == "onnxruntime"
