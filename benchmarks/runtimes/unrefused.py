"""For pytest: the list of refused releases switched off, so that a refused one is measured too."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _unrefused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_infer.engines.onnxruntime.check_release", lambda *_: None)
