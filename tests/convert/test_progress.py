from __future__ import annotations

import io

import pytest

from convert.progress import quiet, terminal


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_is_shown_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal() as progress:
        progress("proving", 0.5)
        assert progress is quiet
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_each_stage_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with terminal() as progress:
        for fraction in (0.0, 0.5, 1.0):
            progress("reading", fraction)
        progress("proving", -3.0)
    assert "reading" in screen.getvalue()
    assert "proving" in screen.getvalue()
    assert capsys.readouterr().out == ""


def test_an_error_ends_the_bar_and_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())

    def fail() -> None:
        with terminal() as progress:
            progress("reading", 0.5)
            raise KeyError

    for _ in range(2):  # a bar that were still alive would refuse the second
        with pytest.raises(KeyError):
            fail()
