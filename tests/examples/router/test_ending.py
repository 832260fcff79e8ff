"""However a run is ended, and by however many signals: once, in order, with the same status."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from examples.router.commands import watch as command
from examples.router.ending import SIGNALS, Stop, exit_status
from examples.router.live import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.router.packets import Frame

ROOT = Path(__file__).parents[3]
GOOD = (
    '{"flow":["203.0.113.9","192.0.2.1",4242,22,"tcp"],"first":1,"last":2,"score":0.9,'
    '"verdict":"malicious","why":["a test"],"latency_ms":1}\n'
)
MANY = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGINT]


@pytest.fixture
def as_ever() -> Iterator[None]:
    """What a test has made of the signals is undone."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_signals_are_noted_and_raise_nothing_however_many(as_ever: None) -> None:
    stop = Stop().listen()
    assert not stop.asked
    for number in MANY:
        signal.raise_signal(number)
    assert stop.asked


def test_a_hangup_that_is_ignored_stays_so(as_ever: None) -> None:
    """As under nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop = Stop().listen()
    signal.raise_signal(signal.SIGHUP)
    assert not stop.asked


class Signalled:
    """An interface without packets and an enforcer, that are signalled wherever it may be."""

    def __init__(self, where: str) -> None:
        self.where, self.told = where, list[str]()

    def at(self, where: str) -> None:
        self.told.append(where)
        if where == self.where:
            for number in MANY:
                signal.raise_signal(number)

    def frames(self, idle_seconds: float = 1.0) -> Iterator[Frame | None]:
        while True:
            self.at("frames")
            yield None

    def waits(self) -> bool:
        return False

    def source(self) -> Part:
        return Part(self, "open", "closed")

    def enforcer(self) -> Part:
        return Part(self, "enforcing", "undone")


class Part:
    """A context of it."""

    def __init__(self, whole: Signalled, begins: str, ends: str) -> None:
        self._whole, self._begins, self._ends = whole, begins, ends
        self.frames, self.waits, self.received = whole.frames, whole.waits, 0

    def drops(self) -> int:
        return 0

    def is_up(self) -> bool:
        return True

    def __enter__(self) -> Part:
        self._whole.at(self._begins)
        return self

    def __exit__(self, *_: object) -> None:
        self._whole.at(self._ends)


@pytest.mark.parametrize("where", ["open", "enforcing", "frames", "undone", "summary"])
def test_wherever_signals_come_bans_are_undone_and_the_summary_is_the_last_line(
    where: str, as_ever: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    signalled = Signalled(where)
    monkeypatch.setattr(command, "Interface", lambda name, **how: signalled.source())
    monkeypatch.setattr(command, "build", lambda options: signalled.enforcer())
    end = Watch.end

    def ended(watch: Watch) -> Any:
        signalled.at("summary")
        return end(watch)

    monkeypatch.setattr(Watch, "end", ended)
    from examples.router.__main__ import main

    seconds = ["--seconds", "0.01"] if where in ("undone", "summary") else []
    assert main(["watch", "wan0", "--json", "--engine", "native", *seconds]) == 0
    said = capfd.readouterr()
    assert said.err == "watching wan0\n"
    assert said.out.count("summary") == 1
    assert [one for one in signalled.told if one != "frames"] == [
        "open", "enforcing", "undone", "summary", "closed",
    ]  # fmt: skip


def test_nobody_is_banned_any_more_once_the_end_is_asked_for(as_ever: None) -> None:
    """A slow nft would hold up the end for each of a burst's sources."""
    stop, asked = Stop().listen(), list[str]()

    class Slow:
        def consider(self, verdict: str) -> None:
            asked.append(verdict)
            signal.raise_signal(signal.SIGTERM)

    class Burst:
        def run(self, source: object) -> Iterator[Any]:
            for verdict in "abc":
                yield SimpleNamespace(verdict=verdict, is_own=True)
            yield None

    shown = list[str]()
    show = SimpleNamespace(
        verdict=lambda judged: shown.append(judged.verdict),
        pause=lambda: None,
        draw=lambda drops: None,
    )
    source: Any = SimpleNamespace(drops=lambda: 0)
    parts: Any = Burst(), source, Slow(), show
    command._loop(*parts, stop, None)
    assert (asked, shown) == (["a"], ["a", "b", "c"])


def enforcing(**how: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "examples.router.enforce", "--strikes", "1"],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
        # What started the tests may have left a signal ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL), **how,
    )  # fmt: skip


@pytest.mark.parametrize("before", ["", GOOD[:40]], ids=["nothing", "half a line"])
def test_verdicts_that_are_enforced_end_alike_by_many_signals(before: str) -> None:
    with enforcing(stdout=subprocess.PIPE) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline() == "ready\n"
        program.stdin.write(before)
        program.stdin.flush()
        time.sleep(0.3)
        for number in MANY:
            program.send_signal(number)
        try:
            assert program.wait(timeout=30) == 0
        finally:
            program.kill()
        assert program.stderr.read() == ""


def test_a_reader_that_has_enough_and_a_full_disk_are_no_traces() -> None:
    for where, status in (("/dev/full", 6), ("closed", 0)):
        if where == "closed":
            read, write = os.pipe()
            os.close(read)
        else:
            write = os.open(where, os.O_WRONLY)
        with enforcing(stdout=write) as program:
            os.close(write)
            _, said = program.communicate(GOOD)
        assert program.returncode == status, said
        assert "Traceback" not in said


def test_a_terminal_that_is_closed_is_no_trace() -> None:
    """Then even the summary cannot be written."""
    leading, following = pty.openpty()
    with enforcing(stdout=following) as program:
        os.close(following)
        assert b"ready" in os.read(leading, 100)
        os.close(leading)
        time.sleep(0.1)
        _, said = program.communicate(GOOD)
    assert (program.returncode, said) == (0, "")


def test_other_errors_of_the_system_are_not_taken_for_the_output_s() -> None:
    def program() -> int:
        raise OSError(13, "Permission denied")

    with pytest.raises(OSError, match="Permission"):
        exit_status(program)
