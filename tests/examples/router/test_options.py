"""Options and outputs that cannot be: refused with what to do, never a trace."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from router_frames import ethernet, ipv4, pcap, tcp

from edge_infer import BadInput, Unavailable
from examples.router.__main__ import main
from examples.router.synthetic.__main__ import main as make
from examples.router.training.estimators import SEED
from examples.router.training.train import MADE_EACH

ROOT = Path(__file__).parents[3]
SYN = ethernet(0x800, ipv4(6, tcp()))


@pytest.mark.parametrize(
    "options",
    [
        ["--queue", "70000"],
        ["--queue", "-1"],
        ["lo", "--seconds", "nan"],
        ["lo", "--seconds", "-1"],
        ["lo", "--seconds", "inf"],
        ["lo", "--ring", "0"],
        ["lo", "--ring", "100000"],
    ],
    ids=" ".join,
)
def test_a_queue_a_time_and_a_ring_that_cannot_be(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["watch", *options])
    assert ended.value.code == 2
    assert options[-2] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["train", "{}", "--out", "{}/new", "--seed", "-1", "--made", "0"], "--seed"),
        (["train", "{}", "--out", "{}/new", "--seed", "4294967296"], "--seed"),
        (["train", "{}", "--out", "{}/new", "--made", "-1"], "--made"),
        (["train", "{}", "--out", "{}/new", "--native", "hots"], "perhaps host is meant"),
        (["compile", "--compiler", "'"], "quot"),
        (["compile", "--compiler", ""], "--compiler"),
        (["compile", "--compiler", " "], "--compiler"),
    ],
    ids=str,
)
def test_numbers_and_words_that_cannot_be_are_refused_before_any_work(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in ("benign", "malicious"):
        (tmp_path / label).mkdir()
    assert main([one.replace("{}", str(tmp_path)) for one in options]) == BadInput.exit_code
    told = capsys.readouterr().err
    assert said in told
    assert "to do:" in told


@pytest.mark.parametrize("out", ["nowhere/new", "file/new", "locked/new"])
def test_a_place_that_cannot_be_written_is_refused_before_any_training(
    out: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "locked").mkdir()
    if out.startswith("locked"):  # root may write anywhere

        def locked(path: object, mode: int) -> bool:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(os, "access", locked)
    assert main(["train", str(tmp_path), "--out", str(tmp_path / out)]) == Unavailable.exit_code
    assert "cannot be made" in capsys.readouterr().err


def started(pipe: Path) -> subprocess.Popen[str]:
    os.mkfifo(pipe)
    return subprocess.Popen(
        [sys.executable, "-m", "examples.router", "replay", str(pipe), "--json"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # What started the tests may have left the signal ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def test_a_pipe_that_nobody_writes_into_is_waited_for_aloud_until_interrupted(
    tmp_path: Path,
) -> None:
    with started(tmp_path / "pipe") as program:
        assert program.stderr is not None
        assert "pipe: waiting for a capture" in program.stderr.readline()
        program.send_signal(signal.SIGINT)
        try:
            assert program.wait(timeout=30) == 130
        finally:
            program.kill()
        assert program.stderr.read() == ""


@pytest.mark.parametrize("packed", [False, True])
def test_a_pipe_is_judged_when_somebody_writes_into_it(packed: bool, tmp_path: Path) -> None:
    with started(tmp_path / "pipe") as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stderr.readline()
        data = pcap([(0, SYN)])
        (tmp_path / "pipe").write_bytes(gzip.compress(data) if packed else data)
        *flows, _ = program.stdout.read().splitlines()
        assert program.wait(timeout=30) == 0
        assert len(flows) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
@pytest.mark.parametrize("kind", ["malicious-tcp-scan", "benign-solo"])
@pytest.mark.parametrize("style", [["--json"], []], ids=["json", "lines"])
def test_a_full_disk_for_the_output_is_told(kind: str, style: list[str], tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "examples.router.synthetic", str(tmp_path / "made")],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    capture = tmp_path / "made" / f"{kind}-0.pcap"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "examples.router", "replay", str(capture), *style],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 6
    assert "Traceback" not in done.stderr
    assert "make room" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [(["{}/new", "--each", "0"], 5, "--each 1"), (["{}/file/new"], 6, "cannot be written")],
)
def test_captures_that_cannot_be_made(
    arguments: list[str], code: int, said: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr(sys, "argv", ["synthetic", *(one.format(tmp_path) for one in arguments)])
    assert make() == code
    assert said in capsys.readouterr().err


def test_the_numbers_that_the_help_of_training_names_are_in_force(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert f"captures made of each kind ({MADE_EACH}; 0 for none)" in said
    assert f"of the made captures and of the model ({SEED})" in said


def test_training_says_what_it_reads_and_how_much_of_it_is_a_capture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in ("benign", "malicious"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "one.pcap").write_bytes(pcap([(1_000_000_000, SYN)]))
        (tmp_path / label / "unnamed").write_bytes(pcap([(1_000_000_000, SYN)]))
    arguments = ["train", str(tmp_path), "--made", "0", "--out", str(tmp_path / "mine")]
    assert main(arguments) == BadInput.exit_code, "one capture of each is too few"
    said = capsys.readouterr().err
    assert f"reading {tmp_path}\n" in said
    assert "1 benign and 1 malicious captures to hold out in turn" in said
