"""A machine on which the program cannot be pinned: said with what to do, never a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_infer import Unavailable
from examples.router.xdp import kernel

if TYPE_CHECKING:
    from pathlib import Path


def test_where_the_file_system_of_the_pins_is_not_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(kernel, "BPFFS", tmp_path / "file")
    with pytest.raises(Unavailable, match="cannot be pinned") as refused:
        kernel.Loaded(tmp_path / "router.bpf.o").open()
    assert "mount -t bpf" in str(refused.value)
