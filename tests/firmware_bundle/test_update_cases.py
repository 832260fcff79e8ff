"""The update cases of a suite of this field, 39 to 51; 37, 38 and 52 are in test_crash_points."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from failing_disks import CountingDisk, FailingDisk
from small_bundles import ROW, Fleet, serves

from edge_infer.errors import EdgeInferError, Incompatible, Unavailable, Untrusted
from edge_infer.slots import Root, open_root, state
from edge_infer.trust import editing, parse_public_key, revocation
from edge_infer.trust.trust_file import write_trust_file
from firmware_bundle.slots import status

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY = os.environ.get("EDGE_INFER_EVERY_CRASH") == "1"


@pytest.fixture
def root(fleet: Fleet, tmp_path: Path) -> Path:
    """A root that serves release 3, with release 2 behind it."""
    for number in (2, 3):
        fleet.install(tmp_path / "gadget", number)
    return tmp_path / "gadget"


def steps_of_an_update(fleet: Fleet, template: Path, copy: Path) -> int:
    shutil.copytree(template, copy)
    disk = CountingDisk()
    fleet.install(copy, 4, disk=disk)
    shutil.rmtree(copy)
    return disk.steps


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS], ids=errno.errorcode.get)
@pytest.mark.parametrize("forever", [False, True], ids=["once", "from then on"])
def test_case_39_and_40_a_full_failing_or_read_only_medium_at_every_operation(
    fleet: Fleet, root: Path, tmp_path: Path, error: int, forever: bool
) -> None:
    copy = tmp_path / "copy"
    total = steps_of_an_update(fleet, root, copy)
    assert total > 40
    dense = error == errno.ENOSPC and not forever
    for at in range(1, total + 1, 1 if EVERY else 3 if dense else 9):
        shutil.copytree(root, copy)
        try:
            fleet.install(copy, 4, disk=FailingDisk(at, error, forever=forever))
        except Unavailable:
            committed = Root(copy).read_state()
            assert committed is not None
            if not forever and committed.trial is None and committed.current.startswith("3"):
                assert list((copy / "staging").iterdir()) == [], "staging is cleaned"
        assert serves(copy) in (3, 4)
        fleet.install(copy, 4)
        assert serves(copy) == 4
        assert list((copy / "staging").iterdir()) == []
        shutil.rmtree(copy)


def test_case_39_no_room_is_seen_before_anything_is_written(fleet: Fleet, root: Path) -> None:
    class Small(CountingDisk):
        def free_bytes(self, path: Path) -> int:
            return 1000

    disk = Small()
    with pytest.raises(Unavailable, match="no room") as refused:
        fleet.install(root, 4, disk=disk)
    assert refused.value.actual == "1,000 bytes"
    assert (disk.steps, serves(root)) == (0, 3)


def test_case_39_old_versions_make_room(fleet: Fleet, root: Path) -> None:
    fleet.install(root, 4, budget_bytes=10**7)

    class Tight(CountingDisk):
        def free_bytes(self, path: Path) -> int:
            return 10**9 if len(Root(root).versions()) < 3 else 1000

    fleet.install(root, 5, disk=Tight(), budget_bytes=10**7)
    assert serves(root) == 5


def test_case_40_a_read_only_medium_serves(fleet: Fleet, root: Path) -> None:
    fleet.install(root, 4, trial=None)
    read_only = FailingDisk(1, errno.EROFS, forever=True)
    model = open_root(root, disk=read_only)
    assert model.predict_one(ROW) == 3, "a trial that cannot be counted is not started"
    assert model.slot is not None
    assert "Read-only" in model.slot.passed_over[0][1]


@pytest.mark.parametrize("spoil", ["truncated", "missing", "extra", "empty"])
def test_case_41_a_truncated_copy(fleet: Fleet, root: Path, tmp_path: Path, spoil: str) -> None:
    copy = Path(shutil.copytree(fleet.bundle(4), tmp_path / "copy"))
    path = copy / "artifact" / "model.onnx"
    if spoil == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif spoil == "empty":
        path.write_bytes(b"")
    elif spoil == "missing":
        path.unlink()
    else:
        (copy / "artifact" / ".hidden").write_bytes(b"")
    with pytest.raises(Untrusted):
        fleet.install(root, bundle=copy)
    assert serves(root) == 3
    assert list((root / "staging").iterdir()) == []
    assert len(Root(root).versions()) == 2


def test_case_42_bit_rot_after_installation_serves_the_version_before(
    fleet: Fleet, root: Path
) -> None:
    for path in (root / "versions").glob("3-*/artifact/model.onnx"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    assert serves(root) == 2
    assert [v.fault is None for v in status(root).versions] == [True, False]
    fleet.install(root, 3)
    assert serves(root) == 3


HOLD = """
import sys, time
from pathlib import Path
from edge_infer.slots import Root
with Root(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_installer(root: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_case_43_of_two_installers_one_is_refused(
    fleet: Fleet, root: Path, other_installer: subprocess.Popen[str]
) -> None:
    with pytest.raises(Unavailable, match="another process"):
        fleet.install(root, 4)
    assert serves(root) == 3
    other_installer.kill()
    other_installer.wait()
    fleet.install(root, 4)
    assert serves(root) == 4


def test_case_43_while_one_process_tries_a_version_others_serve_the_one_before(
    fleet: Fleet, root: Path
) -> None:
    fleet.install(root, 4, trial=None)
    with Root(root).lock():
        assert serves(root) == 3
    assert serves(root) == 4


@pytest.mark.parametrize(
    "data", [b"", bytes(400), b"{", b'{"state": {}, "sha256": ""}', b"\xff" * 99, None], ids=repr
)
def test_case_44_a_state_that_cannot_be_read(fleet: Fleet, root: Path, data: bytes | None) -> None:
    path = root / "state.json"
    path.unlink() if data is None else path.write_bytes(data)
    assert serves(root) == 3
    assert status(root).current == Root(root).versions()[-1], "a state was made anew"
    with pytest.raises(Untrusted, match="older"):
        fleet.install(root, 1)


def test_case_44_a_state_of_another_format(fleet: Fleet, root: Path) -> None:
    found = Root(root).read_state()
    assert found is not None
    newer = state.State(**{**vars(found), "format": 2})
    (root / "state.json").write_bytes(state.write_state(newer))
    assert serves(root) == 3


def test_case_44_installing_over_a_lost_state_keeps_the_highest_version(
    fleet: Fleet, root: Path
) -> None:
    (root / "state.json").write_bytes(bytes(100))
    fleet.install(root, 4, trial=None)
    for path in (root / "versions").glob("4-*/artifact/model.onnx"):
        path.write_bytes(b"rot")
    assert serves(root) == 3


CRASH = """
import os, sys, edge_infer
model = edge_infer.load(sys.argv[1], health=lambda model: os.abort())
print(model.predict_one([0.5, 0.25]))
"""


def test_case_45_a_version_that_takes_the_process_down_is_given_up_after_three_starts(
    fleet: Fleet, root: Path
) -> None:
    fleet.install(root, 4, trial=None)
    answers = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", CRASH, str(root)], capture_output=True, text=True, check=False
        )
        answers.append(done.stdout.strip() if done.returncode == 0 else "crash")
    assert answers == ["crash", "crash", "crash", "3", "3"]
    assert status(root).failed == next(n for n in Root(root).versions() if n.startswith("4-"))


def test_case_45_wrong_answers_are_given_up_after_three_starts(fleet: Fleet, root: Path) -> None:
    fleet.install(root, 4, golden=bytes(4000), trial=None)
    for attempt in (1, 2, 3):
        assert serves(root) == 3
        assert status(root).attempts == attempt % 3
    assert status(root).trial is None


def test_case_46_both_versions_bad_is_said(fleet: Fleet, root: Path) -> None:
    for path in (root / "versions").glob("*/artifact/golden.bin"):
        path.write_bytes(b"rot")
    with pytest.raises(Unavailable, match="there is no model") as refused:
        serves(root)
    assert str(refused.value.actual).count("not the ones that were signed") == 2


def test_case_46_nothing_installed_is_said(fleet: Fleet, root: Path) -> None:
    shutil.rmtree(root / "versions")
    (root / "versions").mkdir()
    with pytest.raises(Unavailable, match="there is no model"):
        serves(root)


def test_case_47_a_downgrade_unless_it_is_a_signed_rollback(fleet: Fleet, root: Path) -> None:
    with pytest.raises(Untrusted, match="older"):
        fleet.install(root, 2)
    with pytest.raises(Untrusted, match="older"):
        fleet.install(root, 1, may_replace=2)
    assert serves(root) == 3
    fleet.install(root, 1, may_replace=3)
    assert serves(root) == 1
    with pytest.raises(Untrusted):
        fleet.install(root, 3)
    fleet.install(root, 4)
    assert serves(root) == 4


def test_case_48_a_stolen_keys_highest_number_and_its_revocation(
    fleet: Fleet, tmp_path: Path
) -> None:
    root = tmp_path / "gadget2"
    file = editing.EMPTY
    for name, role in (("stolen", "publisher"), ("fresh", "publisher"), ("offline", "revoker")):
        key = parse_public_key(fleet.trust(name).read_bytes())
        file = editing.add_key(file, key, name=name, roles=[role])
    pinned = tmp_path / "trust.json"
    pinned.write_bytes(write_trust_file(file))
    fleet.install(root, 1, key="stolen", trust=pinned)
    fleet.install(root, 2**63 - 1, key="stolen")
    with pytest.raises(Untrusted, match="older"):
        fleet.install(root, 2, key="fresh")
    from edge_infer.commands.private_key import read_private_key

    signer = read_private_key(str(fleet.key("offline")))
    stolen = parse_public_key(fleet.trust("stolen").read_bytes())
    word = revocation.revoke(stolen.fingerprint, key=signer, reason="stolen")
    (root / "trust").write_bytes(write_trust_file(editing.add_revocation(file, word)))
    with pytest.raises(EdgeInferError):
        fleet.install(root, 3, key="stolen")
    fleet.install(root, 2, key="fresh")
    assert serves(root) == 2


def test_case_49_the_same_number_with_another_content(fleet: Fleet, root: Path) -> None:
    with pytest.raises(Untrusted, match="another release took the number 3"):
        fleet.install(root, bundle=fleet.bundle(3, extra={"note.txt": b"other"}))
    assert serves(root) == 3


@pytest.mark.parametrize("year", [1970, 2106])
def test_case_50_a_clock_in_1970_or_2106_bricks_nothing(
    fleet: Fleet, root: Path, year: int
) -> None:
    clock = datetime(year, 2, 7, tzinfo=UTC)
    fleet.install(root, 4, clock=clock)
    assert serves(root) == 4
    fleet.install(root, 5, clock=datetime(2027, 1, 1, tzinfo=UTC))
    assert serves(root) == 5


def test_case_50_expiry_counts_at_installation_and_never_stops_a_model(
    fleet: Fleet, root: Path
) -> None:
    made = datetime.now(UTC)
    soon = fleet.bundle(4, expires=(made + timedelta(days=1)).isoformat())
    with pytest.raises(Incompatible, match="expired"):
        fleet.install(root, bundle=soon, clock=made + timedelta(days=2))
    fleet.install(root, bundle=soon, clock=made)
    assert serves(root) == 4


def test_case_50_a_clock_that_was_set_back_does_not_make_a_release_fresh(
    fleet: Fleet, root: Path
) -> None:
    made = datetime.now(UTC)
    fleet.install(root, 4, clock=made + timedelta(days=30))
    soon = fleet.bundle(5, expires=(made + timedelta(days=1)).isoformat())
    with pytest.raises(Incompatible, match="expired"):
        fleet.install(root, bundle=soon, clock=datetime(1970, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "changes", [{"bundle_target": "riscv64"}, {"bundle_target": "toaster"}, {"format": 99}], ids=str
)
def test_case_51_another_machine_or_a_newer_format(
    fleet: Fleet, root: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(Incompatible):
        fleet.install(root, bundle=fleet.bundle(4, **changes))
    assert serves(root) == 3


def test_case_51_an_artifact_is_no_bundle(fleet: Fleet, root: Path, tmp_path: Path) -> None:
    from artifact_builder import write_artifact
    from small_bundles import telling

    made = write_artifact(tmp_path / "artifact", fleet.key(), telling(9))
    with pytest.raises(Incompatible, match="no bundle"):
        fleet.install(root, bundle=made)
