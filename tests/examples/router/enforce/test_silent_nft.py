"""An nft that hangs: packets wait for it, so it is not asked again and again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from examples.router.enforce import nftables
from examples.router.enforce.nftables import Nftables, NftFailed, NftSilent

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nftables:
    """As while another program holds the kernel's lock of transactions."""
    monkeypatch.setattr(nftables, "SECONDS", 0.3)
    (tmp_path / "nft").write_text(f"#!/bin/sh\necho asked >>{tmp_path}/asked\nexec sleep 60\n")
    (tmp_path / "nft").chmod(0o755)
    return Nftables(program=str(tmp_path / "nft"))


def asked(folder: Path) -> int:
    return len((folder / "asked").read_text().splitlines())


def test_a_ban_that_hangs_is_tried_once_and_the_next_one_not_at_all(
    hanging: Nftables, tmp_path: Path
) -> None:
    began = time.monotonic()
    for _ in range(8):
        with pytest.raises(NftSilent, match="did not answer"):
            hanging.ban("203.0.113.9", 60)
    assert asked(tmp_path) == 1
    assert time.monotonic() - began < 3 * 0.3


def test_later_it_is_asked_again_and_the_bans_are_undone_in_any_case(
    hanging: Nftables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NftSilent):
        hanging.ban("203.0.113.9", 60)
    with pytest.raises(NftFailed):
        hanging.close()
    assert asked(tmp_path) == 2
    later = time.monotonic() + nftables.SILENT_SECONDS + 1.0
    monkeypatch.setattr(nftables, "monotonic", lambda: later)
    with pytest.raises(NftSilent):
        hanging.ban("203.0.113.9", 60)
    assert asked(tmp_path) == 3
