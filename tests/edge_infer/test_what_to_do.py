"""A refusal says what to do: for the files and values that people get wrong first."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from artifact_builder import random_linear, write_artifact

import edge_infer
from edge_infer.commands.rows_file import read_rows
from edge_infer.errors import EdgeInferError, Unavailable
from edge_infer.trust.files import read_file
from edge_infer.trust.keygen import generate, load_private_key
from edge_infer.trust.tree import list_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    "read", [lambda path: read_rows(str(path), None), read_file, list_tree, load_private_key]
)
def test_what_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], object]
) -> None:
    """Root may read everything, so the system's refusal is put in its place."""
    generate(tmp_path / "fleet")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    for module, name in ((os, "open"), (os, "scandir"), (io, "open")):
        monkeypatch.setattr(module, name, refuse)
    place = tmp_path if read is list_tree else tmp_path / "fleet.key"
    with pytest.raises(Unavailable, match="cannot read") as caught:
        read(place)
    monkeypatch.undo()
    assert caught.value.actual == "Permission denied"
    assert "chmod" in str(caught.value.hint)


@pytest.mark.parametrize("read", [lambda path: read_rows(str(path), None), read_file])
def test_a_file_that_is_not_there(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(EdgeInferError, match=r"no (such )?file") as caught:
        read(tmp_path / "rows.csv")
    assert "spelled" in str(caught.value.hint)


def test_an_infinite_value(tmp_path: Path) -> None:
    generate(tmp_path / "fleet")
    write_artifact(tmp_path / "made", tmp_path / "fleet.key", random_linear(2, [0, 1]))
    model = edge_infer.load(tmp_path / "made", trust=tmp_path / "fleet.pub")
    with pytest.raises(EdgeInferError, match="row 0") as caught:
        model.predict(np.array([[1.0, np.inf]]))
    assert "replace infinite values" in str(caught.value.hint)
