"""What an interface carries is named before anything is captured; blocks come with pauses."""

from __future__ import annotations

import mmap
import socket
import struct

import pytest

from edge_infer import BadInput
from examples.router.live import Interface
from examples.router.live.interface import MOST_BLOCKS, OTHERS
from examples.router.live.ring import BLOCK_BYTES, FROM_KERNEL, STATUS_AT, is_ready


@pytest.mark.parametrize("kind", OTHERS)
def test_a_link_type_that_is_not_read_is_named(kind: int, monkeypatch: pytest.MonkeyPatch) -> None:
    interface = Interface("wlan0mon")
    monkeypatch.setattr(interface, "_kind", lambda: kind)
    with pytest.raises(BadInput, match="wlan0mon: frames of a link type") as refused:
        interface.open()
    assert OTHERS[kind] in str(refused.value.actual)


@pytest.mark.parametrize("waiting", [1, 5, MOST_BLOCKS, MOST_BLOCKS + 3])
def test_blocks_that_wait_are_taken_before_the_pause(
    waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done in pauses would hold up the packets; a busy line has its pauses all the same."""
    interface = Interface("eth0", ring_mebibytes=1)
    memory = mmap.mmap(-1, 1 << 20)
    for block in range(waiting):
        start = block * BLOCK_BYTES
        struct.pack_into("=I", memory, start + STATUS_AT, FROM_KERNEL)
    monkeypatch.setattr(interface, "_ring", memory)
    monkeypatch.setattr(interface, "_linktype", 1, raising=False)
    monkeypatch.setattr(interface, "drops", lambda: 0)
    monkeypatch.setattr(interface, "_check", lambda: None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as idle:
        monkeypatch.setattr(interface, "_socket", idle)
        came = interface.frames(0.01)
        blocks = [next(came) is not None for _ in range(waiting + 1 + waiting // MOST_BLOCKS)]
        came.close()
    pause_at = min(waiting, MOST_BLOCKS)
    assert blocks[: pause_at + 1] == [True] * pause_at + [False]
    assert blocks.count(True) == waiting
    assert not any(is_ready(memory, block) for block in range(waiting))


def test_one_that_vanishes_while_it_is_opened_is_left_to_what_reads_it() -> None:
    assert Interface("vanished0").is_up()
