"""What `watch` prints of verdicts: a line for each malicious flow, whenever it turned so."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from edge_infer import Unavailable
from examples.router.__main__ import main
from examples.router.bundles import open_judge
from examples.router.commands.watch import _Lines
from examples.router.judge import Judged
from examples.router.live import Interface, Watch
from examples.router.output import Output
from examples.router.packets import Frame
from examples.router.replay import text_line
from examples.router.verdicts import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

BENIGN = Verdict(
    flow=("10.0.0.1", "10.0.0.2", 40000, 22, "tcp"), first=5.0, last=6.0, score=0.1,
    verdict="benign", why=["ordinary"], latency_ms=0.1, source="10.0.0.1",
)  # fmt: skip
MALICIOUS = BENIGN._replace(score=0.9, verdict="malicious", why=["many ports", "no answer"])


def printed(capsys: pytest.CaptureFixture[str], *judged: Judged) -> list[str]:
    lines = _Lines(is_json=False)
    for one in judged:
        lines.verdict(one)
    assert not lines._said
    return capsys.readouterr().out.splitlines()


def test_a_flow_that_turned_malicious_with_its_last_row_has_its_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = "0.90  tcp 10.0.0.1:40000 > 10.0.0.2:22  many ports; no answer"
    assert text_line(MALICIOUS) == line
    assert printed(capsys, Judged(MALICIOUS, ended=True, final=True)) == [line]


def test_a_flow_that_was_malicious_before_it_ended_has_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    later = MALICIOUS._replace(last=9.0, score=0.95)
    out = printed(
        capsys, Judged(MALICIOUS, ended=False, final=False), Judged(later, ended=True, final=True)
    )
    assert out == [text_line(MALICIOUS)]


def test_a_flow_that_its_source_makes_malicious_has_its_line_and_a_benign_one_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = Judged(BENIGN, ended=True, final=False)
    assert printed(capsys, own, Judged(BENIGN, ended=False, final=True)) == []
    assert printed(capsys, own, Judged(MALICIOUS, ended=False, final=True)) == [
        text_line(MALICIOUS)
    ]


def test_two_flows_on_the_same_ports_have_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    again = MALICIOUS._replace(first=50.0, last=51.0)
    ended = {"ended": True, "final": True}
    assert len(printed(capsys, Judged(MALICIOUS, **ended), Judged(again, **ended))) == 2


def test_lines_that_nobody_read_are_not_mixed_up_with_packets_that_cannot_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    read, write = os.pipe()
    out = Output(write)
    out.dropped = 7
    watch = Watch(open_judge(engine="native"), table="python")
    watch.table.add(Frame(0, 1, b"four", 4))
    lines = _Lines(is_json=True)
    lines.summary(watch, 3, 2, out)
    told = json.loads(capsys.readouterr().out)["summary"]
    assert (told["lines_dropped"], told["unread"], told["packets"]) == (7, 1, 1)
    assert (told["dropped"], told["waiting"]) == (3, 2)
    for end in (read, write):
        os.close(end)


def test_what_cannot_be_enforced_ends_it_before_it_says_that_it_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Interface, "open", lambda interface: interface)
    monkeypatch.setattr(Interface, "close", lambda _: None)
    log = str(tmp_path / "no folder" / "bans.jsonl")
    guard = ["--enforce", "nftables", "--audit-log", log]
    assert main(["watch", "lo", "--seconds", "1", *guard]) == Unavailable.exit_code
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith("Unavailable: the audit log cannot be written")
