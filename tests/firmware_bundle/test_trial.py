"""The trial of a version and the user's own health check: who asks, and what a cut leaves."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from small_bundles import ROW, Fleet, serves

import edge_infer
from edge_infer.errors import Incompatible, Unavailable
from edge_infer.slots import MAX_ATTEMPTS
from firmware_bundle.slots import status, trial


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "gadget"


def test_a_trial_left_for_later_is_decided_by_the_next_start(fleet: Fleet, root: Path) -> None:
    fleet.install(root, 1)
    done = fleet.install(root, 2, trial=None)
    assert done.on_trial
    assert status(root).trial == done.version
    assert serves(root) == 2
    assert status(root).current == done.version


def test_a_health_check_of_ones_own_decides(fleet: Fleet, root: Path) -> None:
    fleet.install(root, 1)
    seen: list[int] = []

    def unwell(model: edge_infer.Model) -> bool:
        seen.append(model.predict_one(ROW))
        return False

    for _ in range(MAX_ATTEMPTS):
        fleet.install(root, 2, trial=None) if not status(root).trial else None
        assert serves(root, health=unwell) == 1
    assert seen == [2] * MAX_ATTEMPTS
    assert (status(root).trial, serves(root, health=unwell)) == (None, 1)
    assert seen == [2] * MAX_ATTEMPTS, "a version that serves already is not asked again"


def test_a_health_check_that_raises_is_a_no_and_says_why(fleet: Fleet, root: Path) -> None:
    fleet.install(root, 1)
    fleet.install(root, 2, trial=None)

    def broken(_: edge_infer.Model) -> None:
        raise ZeroDivisionError("no camera")

    model = edge_infer.load(root, health=broken)
    assert model.slot is not None
    assert "ZeroDivisionError: no camera" in model.slot.passed_over[0][1]


def test_a_health_command_decides_at_installation(fleet: Fleet, root: Path) -> None:
    fleet.install(root, 1)
    asks = "import os; v = os.environ['EDGE_INFER_VERSION']; raise SystemExit('2-' in v and 9)"
    with pytest.raises(Incompatible, match="health check") as refused:
        fleet.install(root, 2, health=[sys.executable, "-c", asks])
    assert "exit status 9" in str(refused.value)
    assert (serves(root), status(root).trial) == (1, None)
    fleet.install(root, 3, health=[sys.executable, "-c", asks])
    assert serves(root) == 3


@pytest.mark.parametrize("before", [1, None])
def test_a_cut_within_the_health_command_does_not_let_the_version_serve(
    fleet: Fleet, root: Path, before: int | None
) -> None:
    """A version that takes the device down in its health check must not serve after it."""
    if before is not None:
        fleet.install(root, before)
    new = {"bundle": fleet.bundle(2), "trust": fleet.trust()}
    child = os.fork()
    if child == 0:
        try:
            fleet.install(root, 2, health=["sh", "-c", f"kill -9 {os.getpid()}"], **new)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    if before is None:
        with pytest.raises(Unavailable, match="no model"):
            serves(root)
    else:
        assert serves(root) == before
    assert fleet.install(root, 2, health=["true"]).copied_bytes == 0
    assert (serves(root), status(root).failed) == (2, None)


def test_a_health_command_that_leaves_a_service_running_is_not_waited_for(
    fleet: Fleet, root: Path
) -> None:
    started = time.monotonic()
    fleet.install(root, 1, health=["sh", "-c", "sleep 30 & echo $! >service"])
    assert time.monotonic() - started < 15
    service = int((root / "service").read_text())
    os.kill(service, signal.SIGKILL)  # raises where it does not run any more


def test_a_health_command_that_hangs_is_ended_with_all_that_it_started(
    fleet: Fleet, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "TIMEOUT_S", 0.5)
    fleet.install(root, 1)
    hangs = "sleep 300 & echo $! >service; wait"
    with pytest.raises(Incompatible, match="timed out"):
        fleet.install(root, 2, health=["sh", "-c", hangs])
    service = Path("/proc") / (root / "service").read_text().strip() / "stat"
    for _ in range(100):
        if not service.exists() or ") Z " in service.read_text():
            break
        time.sleep(0.05)
    else:
        pytest.fail("what the health check started runs on")
    assert serves(root) == 1


def test_a_health_command_that_says_a_lot_is_quoted_by_its_end(fleet: Fleet, root: Path) -> None:
    loud = "yes no | head -c 3000000; echo the end; exit 4"
    with pytest.raises(Incompatible, match="exit status 4") as refused:
        fleet.install(root, 1, health=["sh", "-c", loud])
    assert str(refused.value).count("\n") < 12
    assert "the end" in str(refused.value)
