"""How a command is found, and how it ends: usage, interrupts, pipes, full devices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from artifact_builder import (
    Linear,
    golden_rows,
)

from edge_infer.__main__ import main
from edge_infer.commands import dispatch
from edge_infer.commands.output import print_json
from edge_infer.errors import EdgeInferError, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from shell import Shell


class Entry:
    """An entry point of another room."""

    def __init__(self, name: str, loaded: Any) -> None:
        self.name, self.loaded = name, loaded

    def load(self) -> Any:
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


def register(monkeypatch: pytest.MonkeyPatch, *entries: Entry) -> None:
    from importlib import metadata

    monkeypatch.setattr(metadata, "entry_points", lambda group: entries)


def test_commands_of_other_rooms_are_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from edge_infer.commands import Command

    def run(arguments: Any) -> int:
        print(arguments.word, arguments.json)
        if arguments.word == "bad":
            raise NewError("not exact", hint="look")
        return 0

    class NewError(EdgeInferError):
        exit_code = 7

    convert = Command("convert", "convert", lambda parser: parser.add_argument("word"), run)
    register(monkeypatch, Entry("convert", convert))
    assert main(["convert", "good", "--json"]) == 0
    assert capsys.readouterr().out == "good True\n"
    assert main(["convert", "bad"]) == 7
    assert "not exact" in capsys.readouterr().err


def test_a_room_that_is_not_here_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for entries in ([], [Entry("convert", ModuleNotFoundError("No module named 'sklearn'"))]):
        register(monkeypatch, *entries)
        assert main(["convert", "model.pkl"]) == Unavailable.exit_code
        assert "checkout of edge-infer: pip install '.[" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "convert" in capsys.readouterr().out


def test_wrong_usage_is_json_where_json_is_wanted(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    for line in (["verify"], ["predict", str(shell.bundle)], ["no-such"], ["trust", "add", "f"]):
        with pytest.raises(SystemExit) as caught:
            main([*line, "--json"])
        printed = capsys.readouterr()
        assert (caught.value.code, printed.err) == (2, "")
        told = json.loads(printed.out)
        assert (told["error"], told["exit_code"]) == ("Usage", 2)
        assert told["what"]
        assert told["expected"].startswith("edge-infer")
        assert told["hint"].endswith("--help")


def test_an_interrupt_ends_quietly(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dispatch, "_run", interrupt)
    assert main(["verify"]) == 130


def test_a_reader_that_stops_reading_hears_no_complaint(
    shell: Shell, tmp_path: Path, linear: Linear
) -> None:
    path = tmp_path / "X.npy"
    np.save(path, golden_rows(linear, 20_000))
    command = [sys.executable, "-m", "edge_infer", "predict", str(shell.bundle), str(path),
               "--trust", str(shell.trust), "--json"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert json.loads(child.stdout.readline())["label"] in range(10)
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait() == 141


FULL = {
    "verify": (["--json"], 6),
    "info": ([], 6),
    "predict": (["X.npy"], 6),
    "--help": ([], 6),
    "a refusal": (["--json"], 6),
    "wrong usage": (["--json"], 6),
}


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("case", FULL)
def test_a_full_device_under_the_output_is_unavailable(
    case: str, buffered: bool, shell: Shell, tmp_path: Path, linear: Linear
) -> None:
    np.save(tmp_path / "X.npy", golden_rows(linear, 3))
    more, code = FULL[case]
    line = [case, str(shell.bundle), *more, "--trust", str(shell.trust)]
    line = {
        "--help": ["--help"],
        "a refusal": ["verify", str(tmp_path), *more, "--trust", str(shell.trust)],
        "wrong usage": ["verify", *more],
    }.get(case, line)
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "edge_infer", *line],
            env={**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"},
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("edge-infer: Unavailable: the output cannot be written")
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_full_device_under_the_complaints_changes_no_exit_code(
    shell: Shell, tmp_path: Path
) -> None:
    line = [sys.executable, "-m", "edge_infer", "verify", str(tmp_path), "--trust"]
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [*line, str(shell.trust)], stdout=subprocess.PIPE, stderr=full, check=False
        )
    assert (done.returncode, done.stdout) == (3, b"")


def test_a_closed_output_is_no_error(shell: Shell) -> None:
    words = f"{sys.executable} -m edge_infer verify {shell.bundle} --trust {shell.trust} >&-"
    done = subprocess.run(["sh", "-c", words], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_error_that_is_not_of_the_output_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise OSError(28, "No space left on device", "/elsewhere")

    monkeypatch.setattr(dispatch, "_run", fail)
    with pytest.raises(OSError, match="elsewhere"):
        main(["verify"])


def test_json_is_strict(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [float("nan"), float("inf"), -float("inf")], "é": (1, True, None)})
    assert capsys.readouterr().out == (
        '{"a": [null, "Infinity", "-Infinity"], "é": [1, true, null]}\n'
    )
