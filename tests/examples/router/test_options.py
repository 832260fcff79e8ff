"""Options and outputs that cannot be: refused with what to do, never a trace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from examples.router.__main__ import main
from examples.router.synthetic.__main__ import main as make

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "options",
    [
        ["--queue", "70000"],
        ["--queue", "-1"],
        ["lo", "--seconds", "nan"],
        ["lo", "--seconds", "-1"],
        ["lo", "--seconds", "inf"],
    ],
    ids=" ".join,
)
def test_a_queue_and_a_time_that_cannot_be(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["watch", *options])
    assert ended.value.code == 2
    assert options[-2] in capsys.readouterr().err


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
