"""The systemd unit, read by systemd itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[3] / "examples" / "camera" / "camera.service"


def test_systemd_has_nothing_against_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (packages.debian names systemd)")
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    text = UNIT.read_text("utf-8").replace("/opt/edge-infer/.venv/bin/python", str(python))
    text = text.replace("WorkingDirectory=/opt/edge-infer", f"WorkingDirectory={tmp_path}")
    (tmp_path / "camera.service").write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "camera.service")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "camera.service" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr


def test_the_unit_has_a_watchdog_and_no_network() -> None:
    lines = UNIT.read_text("utf-8").splitlines()
    for line in ("Type=notify", "WatchdogSec=30", "PrivateNetwork=yes", "ProtectSystem=strict"):
        assert line in lines
