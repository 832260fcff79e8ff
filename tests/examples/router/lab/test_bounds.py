"""Nothing of the lab sends anything outside a namespace that the lab made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from examples.router.lab.bounds import (
    MOST_PACKETS,
    MOST_SECONDS,
    OUTSIDE,
    Bounded,
    network_namespace,
)

ROOT = Path(__file__).parents[4]
SCRIPTS = {
    "flood": "syn --interface lo --gateway-mac 02:00:00:00:00:01 --from 127.0.0.1 --to 127.0.0.1"
    " --count 1 --rate 1 --seconds 1",
    "slow_http": "headers --from 127.0.0.1 --to 127.0.0.1 --connections 1 --seconds 1",
    "tunnel": "send --from 127.0.0.1 --to 127.0.0.1 --count 1 --seconds 1",
    "call": "--from 127.0.0.1 --to 127.0.0.1 --port 9 --seconds 1",
    "wire": "lo lo",
}


def refused(script: str, outside: str | None) -> str:
    environment = {name: value for name, value in os.environ.items() if name != OUTSIDE}
    if outside is not None:
        environment[OUTSIDE] = outside
    done = subprocess.run(
        [sys.executable, "-m", f"examples.router.lab.{script}", *SCRIPTS[script].split()],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode != 0
    return done.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_started_where_the_lab_was_started_sends_nothing(script: str) -> None:
    assert "refused" in refused(script, str(network_namespace()))


@pytest.mark.parametrize("outside", [None, "", "here", "-1"])
def test_a_script_that_was_told_nothing_sends_nothing(outside: str | None) -> None:
    assert "refused" in refused("flood", outside)


def test_no_count_or_time_passes_the_caps() -> None:
    bounded = Bounded(10**12, 10**9)
    assert (bounded.count, bounded.seconds) == (MOST_PACKETS, MOST_SECONDS)
    bounded = Bounded(2, 60.0)
    bounded.sent = 2
    assert not bounded.more()
    assert not Bounded(2, 0.0).more()
