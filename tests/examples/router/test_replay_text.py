"""What `replay` prints for a person, of one file and of several."""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING

from examples.router.__main__ import main
from examples.router.bundles import open_judge
from examples.router.replay import Replay
from examples.router.synthetic.attacks import guessing, tcp_scan
from examples.router.synthetic.benign import browse
from examples.router.synthetic.scene import Scene
from examples.router.synthetic.wire import Wire
from examples.router.verdicts import is_left_out

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_of_several_files_it_says_how_many_are_malicious_in_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / name) for name in ("scan.pcap", "browsing.pcap")]
    for file, play, seed in zip(files, (tcp_scan, browse), (5, 6), strict=True):
        random = Random(seed)
        wire = Wire(random)
        play(Scene(wire, random), 1_700_000_000.0)
        wire.write(tmp_path / file)
    assert main(["replay", files[0]]) == 0
    assert not any(line.startswith(files[0]) for line in capsys.readouterr().out.splitlines())
    assert main(["replay", *files]) == 0
    *rest, scan, browsing, total = capsys.readouterr().out.splitlines()
    flows, malicious = (int(one.replace(",", "")) for one in re.findall(r"([\d,]+) [fm]", scan))
    assert scan == f"{files[0]}: {flows:,} flows, {malicious:,} malicious"
    assert malicious == len(rest) > 0
    assert browsing.startswith(f"{files[1]}: ")
    assert browsing.endswith(" flows, 0 malicious")
    assert f" flows, {malicious:,} malicious; " in total


def test_a_flow_that_was_explained_keeps_its_reasons_when_it_ends_in_a_full_second(
    tmp_path: Path,
) -> None:
    random = Random(7)
    wire = Wire(random)
    for attack in range(3):
        guessing(Scene(wire, random), 1_700_000_000.0 + 100.0 * attack)
    wire.write(tmp_path / "guessing.pcap")
    judge = open_judge(None, trust=None, engine="native")
    explained, ended = set[object](), dict[object, list[str]]()
    for judged in Replay(judge).run([str(tmp_path / "guessing.pcap")]):
        verdict = judged.verdict
        if verdict.verdict != "malicious" or verdict.by != "model":
            continue
        if judged.final:
            ended[verdict.flow, verdict.first] = verdict.why
        elif not is_left_out(verdict.why):
            explained.add((verdict.flow, verdict.first))
    assert explained
    assert [flow for flow in explained if is_left_out(ended[flow])] == []
