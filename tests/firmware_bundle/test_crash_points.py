"""The power goes at any moment: afterwards the version before or the new one serves, or, where
there was none before, nothing does.

`EDGE_INFER_EVERY_CRASH=1`, which `make test-crashes` sets, tries all states instead of a sample.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from crashes import RecordingDisk, count_states, fingerprint, lay_out, states_after
from small_bundles import ROW, Fleet, serves

from edge_infer.errors import EdgeInferError, Incompatible
from edge_infer.slots import Root, open_root
from firmware_bundle.slots import gc, rollback

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_infer.slots.disk import Disk

EVERY = os.environ.get("EDGE_INFER_EVERY_CRASH") == "1"
SAMPLES = 40 if EVERY else 4
STRIDE = 1 if EVERY else 7
"""Of many states each so many-th is made: no divisor of the number of fates of unsynced data."""
DISTINCT = 10**9 if EVERY else 16
"""How many different states of a scenario are started anew."""

NOTHING = None
"""Serving nothing: right only where nothing was there before."""


def update(fleet: Fleet, root: Path, disk: Disk) -> None:
    fleet.install(root, 2, disk=disk)


def update_for_later(fleet: Fleet, root: Path, disk: Disk) -> None:
    fleet.install(root, 2, disk=disk, trial=None)


def update_that_fails_its_trial(fleet: Fleet, root: Path, disk: Disk) -> None:
    with pytest.raises(EdgeInferError):
        fleet.install(root, 2, disk=disk, golden=bytes(1000))


def update_that_its_health_command_refuses(fleet: Fleet, root: Path, disk: Disk) -> None:
    with pytest.raises(Incompatible, match="health"):
        fleet.install(root, 2, disk=disk, health=["false"])


def update_over_many(fleet: Fleet, root: Path, disk: Disk) -> None:
    fleet.install(root, 3, disk=disk)


def refresh(fleet: Fleet, root: Path, disk: Disk) -> None:
    model = open_root(root, disk=disk)
    fleet.install(root, 2, trial=None, disk=disk)
    assert model.refresh().predict_one(ROW) == 2


def roll_back(fleet: Fleet, root: Path, disk: Disk) -> None:
    rollback(root, disk=disk)


def collect(fleet: Fleet, root: Path, disk: Disk) -> None:
    assert gc(root, disk=disk)


def mend(fleet: Fleet, root: Path, disk: Disk) -> None:
    """The current version was damaged, and the same bundle is installed again."""
    fleet.install(root, 2, disk=disk)


def damaged(fleet: Fleet, root: Path) -> None:
    for number in (1, 2):
        fleet.install(root, number)
    for path in (root / "versions").glob("2-*/artifact/model.onnx"):
        path.write_bytes(b"rot")


def installed(*numbers: int) -> Callable[[Fleet, Path], None]:
    def prepare(fleet: Fleet, root: Path) -> None:
        for number in numbers:
            fleet.install(root, number, budget_bytes=10**7)

    return prepare


def waiting(fleet: Fleet, root: Path) -> None:
    fleet.install(root, 1)
    fleet.install(root, 2, trial=None)


def start(fleet: Fleet, root: Path, disk: Disk) -> None:
    assert open_root(root, disk=disk).predict_one(ROW) == 2


def first(fleet: Fleet, root: Path, disk: Disk) -> None:
    fleet.install(root, 1, disk=disk)


SCENARIOS = {
    "first installation": (installed(), first, {NOTHING, 1}),
    "update": (installed(1), update, {1, 2}),
    "update for later": (installed(1), update_for_later, {1, 2}),
    "update that fails its trial": (installed(1), update_that_fails_its_trial, {1}),
    "update that its health command refuses": (
        installed(1),
        update_that_its_health_command_refuses,
        {1},
    ),
    "update that collects": (installed(1, 2), update_over_many, {2, 3}),
    "start on trial": (waiting, start, {1, 2}),
    "refresh": (installed(1), refresh, {1, 2}),
    "rollback": (installed(1, 2), roll_back, {1, 2}),
    "gc": (installed(1, 2, 3, 4), collect, {4}),
    "mend": (damaged, mend, {1, 2}),
}


def recorded(name: str, fleet: Fleet, folder: Path) -> RecordingDisk:
    prepare, act, _ = SCENARIOS[name]
    folder.mkdir()
    prepare(fleet, folder / "gadget")
    disk = RecordingDisk(folder)
    act(fleet, folder / "gadget", disk)
    return disk


def answer(root: Path) -> int | None:
    try:
        return serves(root)
    except EdgeInferError:
        return NOTHING


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", SCENARIOS)
def test_case_37_and_38_cut_at_every_operation_with_unsynced_writes_lost_or_reordered(
    fleet: Fleet, tmp_path: Path, name: str
) -> None:
    disk = recorded(name, fleet, tmp_path / "medium")
    permitted = SCENARIOS[name][2]
    seen: dict[int, object] = {}
    total = 0
    stride = STRIDE if len(disk.events) > 10 else 1
    for tree in states_after(disk, samples=SAMPLES, stride=stride):
        total += 1
        seen.setdefault(fingerprint(tree), tree)
    step = max(1, len(seen) // DISTINCT)
    tried = list(seen.values())[::step]
    wrong = []
    for tree in tried:
        lay_out(tree, tmp_path / "found")
        got = [answer(tmp_path / "found" / "gadget") for _ in range(2)]
        if not set(got) <= permitted:
            wrong.append((got, tree))
        shutil.rmtree(tmp_path / "found")
    print(f"\n{name}: {total:,} states, {len(tried):,} different ones started anew")
    assert len(tried) > 3
    assert [got for got, _ in wrong] == []


@pytest.mark.skipif(not EVERY, reason="make test-crashes tries them all")
def test_at_least_five_thousand_states_were_tried(fleet: Fleet, tmp_path: Path) -> None:
    counts = {
        name: count_states(recorded(name, fleet, tmp_path / str(position)), samples=SAMPLES)
        for position, name in enumerate(SCENARIOS)
    }
    print(f"\n{sum(counts.values()):,} states after a cut:", counts)
    assert sum(counts.values()) >= 5000


@pytest.mark.parametrize(
    ("name", "number"),
    [("first installation", 1), ("update", 2), ("start on trial", 2), ("rollback", 1), ("mend", 2)],
)
def test_what_was_reported_as_done_is_there_after_a_cut(
    fleet: Fleet, tmp_path: Path, name: str, number: int
) -> None:
    """Verification alone would go back to the version before: this is what the syncs are for."""
    disk = recorded(name, fleet, tmp_path / "medium")
    seen = {
        fingerprint(tree): tree
        for tree in states_after(disk, samples=SAMPLES, first_cut=len(disk.events))
    }
    for tree in seen.values():
        lay_out(tree, tmp_path / "found")
        assert answer(tmp_path / "found" / "gadget") == number
        shutil.rmtree(tmp_path / "found")


def test_an_installer_without_syncs_would_be_caught(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The states bite: without syncs and with a state that is believed, the wrong model serves."""
    monkeypatch.setattr(RecordingDisk, "sync_tree", lambda *_: None)
    monkeypatch.setattr(RecordingDisk, "sync_directory", lambda *_: None)
    disk = recorded("update", fleet, tmp_path / "medium")
    lost = 0
    for tree in states_after(disk, samples=4, stride=97):
        lay_out(tree, tmp_path / "found")
        root = tmp_path / "found" / "gadget"
        state = Root(root).read_state()
        if state is None or any(not root.joinpath("versions", n).is_dir() for n in state.serving):
            lost += 1
        shutil.rmtree(tmp_path / "found")
    assert lost > 0


@pytest.mark.parametrize("name", ["first installation", "update", "mend"])
def test_case_52_an_interrupted_installation_is_repeated(
    fleet: Fleet, tmp_path: Path, name: str
) -> None:
    disk = recorded(name, fleet, tmp_path / "medium")
    number = 1 if name.startswith("first") else 2
    seen = {fingerprint(tree): tree for tree in states_after(disk, samples=2, stride=STRIDE)}
    for tree in list(seen.values())[:: max(1, len(seen) // (10**9 if EVERY else 6))]:
        lay_out(tree, tmp_path / "found")
        root = tmp_path / "found" / "gadget"
        for _ in range(2):
            fleet.install(root, number, trust=fleet.trust())
            assert serves(root) == number
        assert list((root / "staging").iterdir()) == []
        shutil.rmtree(tmp_path / "found")
