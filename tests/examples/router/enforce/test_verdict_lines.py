"""Verdicts as JSON lines from anybody: no line ends the enforcer with a trace, commands or bans."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from edge_infer import BadInput
from examples.router.enforce.__main__ import read_verdict

ROOT = Path(__file__).parents[4]
GOOD: dict[str, Any] = {
    "flow": ["203.0.113.9", "192.0.2.1", 1000, 22, "tcp"], "first": 1.0, "last": 2.0,
    "score": 0.9, "verdict": "malicious", "why": ["it guesses"], "latency_ms": 1.0,
}  # fmt: skip

BAD = {
    "a list as an address and ports": {"flow": [["203.0.113.9"], "b", [1], 2, "tcp"]},
    "too few ends": {"flow": ["203.0.113.9"]},
    "a time that is none": {"first": float("nan")},
    "an endless score": {"score": float("inf")},
    "a number beyond doubles": {"last": 10**400},
    "no reasons": {"why": None},
    "an opening of another kind": {"opening": "certain"},
    "an opening that is no word": {"opening": []},
    "said by somebody else": {"by": "neighbour"},
    "said by nothing": {"by": None},
}


@pytest.mark.parametrize("name", BAD)
def test_a_line_that_is_no_verdict_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="line 7: not a verdict"):
        read_verdict(json.dumps({**GOOD, **BAD[name]}), 7)


def test_what_a_caught_source_made_of_a_flow_is_no_strike() -> None:
    for by, said in (("model", "malicious"), ("source", "benign")):
        verdict = read_verdict(json.dumps({**GOOD, "by": by}), 1)
        assert verdict is not None
        assert verdict.verdict == said


@pytest.mark.parametrize("line", ["", "[]", "7", '"summary"', "{", "[" * 100_000])
def test_what_is_no_object_is_refused(line: str) -> None:
    with pytest.raises(BadInput, match="not a verdict"):
        read_verdict(line, 1)


def enforce(*verdicts: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "examples.router.enforce", "--strikes", "1"],
        cwd=ROOT, input="".join(json.dumps(one) + "\n" for one in verdicts),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        "fe80::1%x}; flush ruleset; { ::1",
        "2001:db8::1%x}; flush ruleset",
        "1.2.3.4 }; reboot",
        "-h",
    ],
)
def test_a_source_that_carries_commands_of_nft_is_no_more_than_its_address(source: str) -> None:
    done = enforce({**GOOD, "flow": [source, *GOOD["flow"][1:]]}, GOOD)
    assert done.returncode == 0, done.stderr
    assert "flush" not in done.stdout + done.stderr
    assert "would ban 203.0.113.9: it guesses" in done.stdout


def test_a_reason_does_not_command_the_terminal() -> None:
    done = enforce({**GOOD, "why": ["\x1b[2J\x1b]0;title\x07\nwould ban 192.0.2.7: all"]})
    assert done.returncode == 0, done.stderr
    (said,) = done.stdout.splitlines()[1:]
    assert said.isprintable()


@pytest.mark.parametrize(
    "ends", ["a signal", pytest.param("the input's end", marks=pytest.mark.deep)]
)
def test_a_reader_of_decisions_who_stalls_holds_up_no_ban_and_no_end(
    ends: str, tmp_path: Path
) -> None:
    """After decisions that no pipe and no buffer takes, somebody else is banned."""
    log, told = tmp_path / "log", tmp_path / "verdicts"
    loud = [json.dumps({**GOOD, "first": number}) for number in range(30_000)]
    late = json.dumps({**GOOD, "source": "203.0.113.77"})
    allowed = tmp_path / "allowed"
    allowed.write_text("203.0.113.9\n")
    told.write_text("\n".join([*loud, late]) + "\n")
    program = subprocess.Popen(
        [sys.executable, "-m", "examples.router.enforce", "--strikes", "1",
         "--allow", str(allowed), "--audit-log", str(log)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
    )  # fmt: skip
    with program:
        assert program.stdin is not None
        assert program.stderr is not None
        feed = Thread(target=program.stdin.write, args=(told.read_bytes(),), daemon=True)
        feed.start()
        ended = time.monotonic() + 30
        while not (log.exists() and "203.0.113.77" in log.read_text()):
            if time.monotonic() > ended:
                program.kill()
                pytest.fail("the ban waits for a reader")
            time.sleep(0.05)
        feed.join()
        if ends == "a signal":
            os.kill(program.pid, signal.SIGTERM)
        else:
            program.stdin.close()
        assert program.wait(timeout=60) == 0
        assert b"decisions that nobody read" in program.stderr.read()
    *_, ban, stop = [json.loads(line)["action"] for line in log.read_text().splitlines()]
    assert (ban, stop) == ("would ban", "stop")
