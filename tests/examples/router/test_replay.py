"""`replay` on the shipped bundle: what is asked for is printed, by either engine, or refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from router_frames import ethernet, ipv4, pcap, tcp

import edge_infer
from benchmarks.router.floods import syn_flood
from edge_infer import Incompatible
from examples.router.__main__ import main
from examples.router.bundles import SHIPPED, SHIPPED_KEY, open_judge
from examples.router.compiled import compiler
from examples.router.flows import FlowTable
from examples.router.judge import Judge
from examples.router.replay import Replay, json_line
from examples.router.scoring import MOST_REMEMBERED, check_model
from examples.router.synthetic.attacks import tcp_scan
from examples.router.synthetic.benign import browse
from examples.router.synthetic.scene import Scene
from examples.router.synthetic.wire import Wire
from examples.router.verdicts import Verdict

if TYPE_CHECKING:
    from examples.router.features import Row

ROOT = Path(__file__).parents[3]
FIELDS = ["flow", "first", "last", "score", "verdict", "why", "latency_ms", "opening", "by"]
SYN = ethernet(0x800, ipv4(6, tcp()))


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A scan and somebody who browses."""
    folder, found = tmp_path_factory.mktemp("captures"), {}
    for name, play, seed in (("scan", tcp_scan, 5), ("browsing", browse, 6)):
        random = Random(seed)
        wire = Wire(random)
        play(Scene(wire, random), 1_700_000_000.0)
        found[name] = folder / f"{name}.pcap"
        wire.write(found[name])
    return found


def lines(out: str) -> tuple[list[dict[str, object]], dict[str, object]]:
    """The lines of the flows, and the summary that ends them."""
    *flows, last = [json.loads(line) for line in out.splitlines()]
    assert list(last) == ["summary"]
    assert all(list(flow) == FIELDS for flow in flows)
    return flows, last["summary"]


def test_a_json_line_a_flow_and_a_summary(
    captures: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(captures["scan"]), str(captures["browsing"])]
    assert main(["replay", *files, "--json"]) == 0
    flows, summary = lines(capsys.readouterr().out)
    assert summary["flows"] == len(flows) == summary["malicious"] + summary["benign"]
    assert [one["file"] for one in summary["files"]] == files
    assert sum(one["packets"] for one in summary["files"]) == summary["packets"]
    for flow in flows:
        assert flow["verdict"] in ("malicious", "benign")
        assert flow["why"]
        assert 0 <= flow["score"] <= 1
        assert flow["first"] <= flow["last"]
    malicious = [flow for flow in flows if flow["verdict"] == "malicious"]
    scan, browsing = summary["files"]
    assert scan["malicious"] > 0.9 * scan["flows"]
    assert browsing["malicious"] <= 0.05 * browsing["flows"]
    assert {text for flow in malicious for text in flow["why"]}


def test_without_json_the_malicious_flows_and_the_totals(
    captures: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(captures["scan"])]) == 0
    *flows, total = capsys.readouterr().out.splitlines()
    assert f"{len(flows):,} malicious" in total
    assert all("tcp" in line for line in flows)


def test_a_capture_is_judged_alike_alone_and_after_others(
    captures: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """With its reasons: also after itself, in the same second of its clock."""
    scan, browsing = str(captures["scan"]), str(captures["browsing"])
    assert main(["replay", scan, "--json"]) == 0
    alone, _ = lines(capsys.readouterr().out)
    assert main(["replay", browsing, scan, scan, "--json"]) == 0
    after, summary = lines(capsys.readouterr().out)
    for flow in (*alone, *after):
        flow.pop("latency_ms")
    number = summary["files"][0]["flows"]
    assert after[number:] == alone + alone


def test_both_engines_give_the_same_verdicts(captures: dict[str, Path]) -> None:
    found = []
    for engine in ("onnxruntime", "native"):
        replay = Replay(open_judge(engine=engine))
        found.append([one.verdict for one in replay.run(map(str, captures.values())) if one.ended])
    assert [(one.flow, one.verdict, one.first) for one in found[0]] == [
        (one.flow, one.verdict, one.first) for one in found[1]
    ]
    assert len({one.verdict for one in found[0]}) == 2
    for one, other in zip(*found, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-9)


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler: apt install gcc")
def test_both_flow_tables_give_the_same_lines(
    captures: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiler, "BUILT", tmp_path)
    compiler.build()
    found = []
    for table in ("python", "compiled"):
        replay = Replay(open_judge(), table=table)
        verdicts = [one.verdict for one in replay.run(map(str, captures.values())) if one.ended]
        found.append([one._replace(latency_ms=0.0) for one in verdicts])
        latencies = [one.latency_ms for one in verdicts]
        assert 0 <= min(latencies) <= max(latencies) < 60_000
    compiler.built.cache_clear()
    assert found[0] == found[1]


def test_the_labels_are_the_model_s_own_though_it_is_seldom_asked(
    captures: dict[str, Path],
) -> None:
    model = edge_infer.load(SHIPPED, trust=SHIPPED_KEY)
    asked = []
    predict, model.predict = model.predict, lambda X: asked.append(len(X)) or predict(X)
    judge = Judge(model)
    table = FlowTable()
    for path in captures.values():
        for _ in table.take_file(path, 256):
            pass
    table.end()
    rows = [one.row for one in table.due]
    # Rows on both sides of the operating point, as near to it as halving comes.
    low, high = bisected(model, rows)
    asked.clear()
    for part in ([rows[0]], [low, high], rows[::-1], [high, low], rows):
        scores, labels = judge._ask(part)
        X = np.array(part)
        assert labels == predict(X).tolist()
        assert scores == pytest.approx(model.predict_proba(X)[:, 1].tolist(), abs=1e-12)
    assert set(labels) == {"benign", "malicious"}
    assert sum(asked) < len(rows)


def test_equal_rows_are_asked_once_and_what_is_remembered_is_bounded(
    captures: dict[str, Path],
) -> None:
    model = edge_infer.load(SHIPPED, trust=SHIPPED_KEY, engine="native")
    asked = []
    ask, model.predict_proba = model.predict_proba, lambda X: asked.append(len(X)) or ask(X)
    judge = Judge(model)
    table = FlowTable()
    for _ in table.take_file(captures["browsing"], 256):
        pass
    table.end()
    rows = [one.row for one in table.due][:9]
    images = [memoryview(np.array(row)) for row in rows]
    of_all = ask(np.array(rows))[:, 1].tolist()
    assert judge._ask(rows + rows)[0] == of_all + of_all
    assert judge._ask(rows[::-1])[0] == of_all[::-1]
    assert judge._ask(images)[0] == of_all
    assert asked == [len(set(map(tuple, rows)))]
    for start in range(0, 2 * MOST_REMEMBERED, 256):
        judge._ask([(float(start + n), *rows[0][1:]) for n in range(256)])
    assert len(judge._ask._remembered) <= MOST_REMEMBERED
    assert judge._ask(rows)[0] == of_all


def bisected(model: edge_infer.Model, rows: list[Row]) -> tuple[Row, Row]:
    """Two rows that differ in one number and in their labels, as near as doubles are."""
    labels = model.predict(np.array(rows)).tolist()
    low, high = (list(rows[labels.index(label)]) for label in ("benign", "malicious"))
    for column in range(len(low)):  # the first column whose change alone changes the label
        nearer = [*high[: column + 1], *low[column + 1 :]]
        if model.predict(np.array([nearer]))[0] == "malicious":
            benign = [*high[:column], *low[column:]]
            break
    for _ in range(80):
        middle = [(a + b) / 2 for a, b in zip(benign, nearer, strict=True)]
        if model.predict(np.array([middle]))[0] == "malicious":
            nearer = middle
        else:
            benign = middle
    return benign, nearer


def test_a_python_with_nothing_installed_gives_the_same_lines(
    captures: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(captures["browsing"])]
    assert main(["replay", *files, "--json", "--engine", "native"]) == 0
    here, _ = lines(capsys.readouterr().out)
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        f"from examples.router.__main__ import main\n"
        f"code = main(['replay', {files[0]!r}, '--json'])\n"
        f"assert not {{'numpy', 'onnxruntime', 'sklearn', 'rich'}} & set(sys.modules)\n"
        f"sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    bare, _ = lines(done.stdout)
    for flow in (*here, *bare):
        flow.pop("latency_ms")
    assert bare == here


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    ("table", "pause"),
    [
        ("python", 60),
        ("compiled", 0),
        pytest.param("python", 0, marks=pytest.mark.deep),
        pytest.param("compiled", 60, marks=pytest.mark.deep),
    ],
)
def test_a_table_full_of_flows_that_end_at_once_stays_within_64_megabytes(
    table: str, pause: int, tmp_path: Path
) -> None:
    """With the file's end, or a minute of silence, 16,384 flows are over together."""
    if table == "compiled" and shutil.which("cc") is None:
        pytest.skip("needs a C compiler: apt install gcc")
    frames = [(one.timestamp_ns, bytes(one.captured)) for one in syn_flood(17_000)]
    if pause:
        frames.append((pause * 10**9, SYN))
    (tmp_path / "flood.pcap").write_bytes(pcap(frames))
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from examples.router.compiled import build\n"
        "from examples.router.__main__ import main\n"
        "if sys.argv[3] == 'compiled': build()\n"
        "main(['replay', sys.argv[2], '--json', '--engine', 'native', '--table', sys.argv[3]])\n"
        "print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(ROOT), str(tmp_path / "flood.pcap"), table],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    *_, last, peak = done.stdout.splitlines()
    assert json.loads(last)["summary"]["flows"] >= 17_000
    assert int(peak) * 1024 <= 64e6


def test_a_model_of_other_features_is_refused() -> None:
    other = edge_infer.load(ROOT / "tests/data/v1/linear", trust=ROOT / "tests/data/v1/fleet.pub")
    with pytest.raises(Incompatible, match="other features"):
        check_model(other)
    check_model(edge_infer.load(SHIPPED, trust=SHIPPED_KEY))


def test_a_bundle_of_another_model_is_refused_by_name(
    captures: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(ROOT / "tests/data/v1/linear"), "--trust", str(ROOT / "tests/data/v1/fleet.pub")
    assert main(["replay", str(captures["scan"]), "--bundle", *other]) == Incompatible.exit_code
    said = capsys.readouterr()
    assert said.out == ""
    assert "other features" in said.err
    assert "router train" in said.err


def test_a_reader_that_has_enough_ends_it_in_silence(captures: dict[str, Path]) -> None:
    files = " ".join([str(captures["scan"])] * 20)  # more than a pipe holds
    line = f"{sys.executable} -m examples.router replay {files} --json | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert list(json.loads(done.stdout)) == FIELDS


def test_a_bundle_with_one_byte_changed_judges_nothing(
    captures: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = shutil.copytree(SHIPPED, tmp_path / "bundle")
    model = bundle / "artifact" / "model.onnx"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    assert main(["replay", str(captures["scan"]), "--bundle", str(bundle)]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "Untrusted" in said.err


@pytest.mark.parametrize("missing", [True, False])
def test_a_file_that_cannot_be_judged_is_refused_before_the_first_one_is(
    missing: bool, captures: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "x.pcap"
    if not missing:
        other.write_bytes(b"#!/bin/sh\n")
    files = [str(captures["scan"]), str(other), str(captures["browsing"])]
    assert main(["replay", *files, "--json"]) != 0
    said = capsys.readouterr()
    assert said.out == ""
    assert str(other) in said.err


def test_a_file_of_an_unread_link_type_is_refused_when_all_others_are_judged(
    captures: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wifi = tmp_path / "wifi.pcap"
    wifi.write_bytes(pcap([(0, bytes(60))], linktype=127))
    files = [str(captures["browsing"]), str(wifi), str(captures["scan"])]
    assert main(["replay", *files, "--json"]) == 5
    said = capsys.readouterr()
    flows, summary = lines(said.out)
    assert [one["file"] for one in summary["files"]] == files
    assert summary["files"][1]["problems"] == {"link type 127 (IEEE 802.11 with radiotap)": 1}
    assert all(one["flows"] > 0 for one in (summary["files"][0], summary["files"][2]))
    assert summary["flows"] == len(flows)
    assert str(wifi) in said.err
    assert main(["replay", str(wifi), "--json"]) == 5
    assert capsys.readouterr().out == ""


def test_a_pipe_is_judged_as_a_file_is(
    captures: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(captures["scan"]), "--json"]) == 0
    flows, _ = lines(capsys.readouterr().out)
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cp", str(captures["scan"]), str(tmp_path / "pipe")]):
        assert main(["replay", str(tmp_path / "pipe"), "--json"]) == 0
    piped, _ = lines(capsys.readouterr().out)
    for flow in (*flows, *piped):
        flow.pop("latency_ms")
    assert piped == flows


def test_a_dash_is_standard_input(
    captures: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(captures["scan"])]) == 0
    command = [sys.executable, "-m", "examples.router", "replay", "-"]
    with captures["scan"].open("rb") as scan:
        done = subprocess.run(command, cwd=ROOT, stdin=scan, capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[:-1] == capsys.readouterr().out.splitlines()[:-1]


def test_made_captures_do_not_overwrite_recordings(tmp_path: Path) -> None:
    (tmp_path / "benign-browse-0.pcap").write_bytes(b"recorded")
    done = subprocess.run(
        [sys.executable, "-m", "examples.router.synthetic", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 5
    assert "name another one" in done.stderr
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"recorded"]


def test_a_line_is_what_json_would_write() -> None:
    ends = ("::1", "192.0.2.1", 1, 65535, "protocol 200")
    why = ['a "quoted" reason', "and one with \u00e9"]
    verdict = Verdict(ends, 1.5, 1e-7, 0.1 + 0.2, "malicious", why, 0.123456, "::1", "inferred")
    assert json_line(verdict) == json.dumps(
        {
            "flow": ends, "first": 1.5, "last": 1e-7, "score": 0.1 + 0.2, "verdict": "malicious",
            "why": why, "latency_ms": 0.1235, "opening": "inferred",
            "by": "model",
        }
    )  # fmt: skip
