"""Interfaces that carry something else are refused by name before anything is captured."""

from __future__ import annotations

import pytest

from edge_infer import BadInput
from examples.router.live import Interface
from examples.router.live.interface import OTHERS


@pytest.mark.parametrize("kind", OTHERS)
def test_a_link_type_that_is_not_read_is_named(kind: int, monkeypatch: pytest.MonkeyPatch) -> None:
    interface = Interface("wlan0mon")
    monkeypatch.setattr(interface, "_kind", lambda: kind)
    with pytest.raises(BadInput, match="wlan0mon: frames of a link type") as refused:
        interface.open()
    assert OTHERS[kind] in str(refused.value.actual)
