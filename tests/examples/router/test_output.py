"""A reader who stalls: nothing waits for it, what it gets is whole, and the end comes."""

from __future__ import annotations

import os
import pty
import termios
import time
from threading import Thread

import pytest

from examples.router.output import MOST_HELD, Output

LINES = [f"{number} {'x' * 300}\n" for number in range(9000)]


def test_nothing_waits_for_a_stalled_reader_and_lines_are_dropped_whole() -> None:
    read, write = os.pipe()
    out = Output(write)
    began = time.monotonic()
    for line in LINES:
        print(line, end="", file=out)
    assert 0.5 < time.monotonic() - began < 4.0
    assert out.dropped > (sum(map(len, LINES)) - 2 * MOST_HELD) // len(LINES[-1])
    found: list[bytes] = []

    def all_of_it() -> None:
        with os.fdopen(read, "rb") as file:
            found.append(file.read())

    reader = Thread(target=all_of_it)
    reader.start()
    out.finish()
    print("the last", file=out)
    out.finish()
    os.close(write)
    reader.join()
    *lines, last = b"".join(found).decode().splitlines(keepends=True)
    assert last == "the last\n"
    assert lines == LINES[: len(lines)]
    assert len(lines) + out.dropped == len(LINES)


def test_a_reader_who_is_slow_and_goes_on_gets_every_line_that_fits() -> None:
    read, write = os.pipe()
    out, found = Output(write), list[bytes]()

    def slowly() -> None:
        while data := os.read(read, 4096):
            time.sleep(0.001)
            found.append(data)

    reader = Thread(target=slowly)
    reader.start()
    for line in LINES[:3000]:
        print(line, end="", file=out)
    out.finish()
    os.close(write)
    reader.join()
    os.close(read)
    assert (b"".join(found).decode(), out.dropped) == ("".join(LINES[:3000]), 0)


def test_a_reader_who_is_gone_is_told_as_ever() -> None:
    read, write = os.pipe()
    os.close(read)
    out = Output(write)
    with pytest.raises(BrokenPipeError):
        print("gone", file=out, flush=True)
    os.close(write)


def test_a_terminal_that_is_stopped_holds_nothing_up() -> None:
    """As by Ctrl-S."""
    leading, following = pty.openpty()
    termios.tcflow(following, termios.TCOOFF)
    out = Output(following)
    assert out.isatty()
    began = time.monotonic()
    for line in LINES[:5000]:
        print(line, end="", file=out)
    out.finish()
    assert time.monotonic() - began < 6.0
    assert out.dropped
    os.close(leading)
    os.close(following)
