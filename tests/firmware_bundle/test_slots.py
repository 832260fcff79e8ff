"""Installing, going back and collecting, as somebody at the device does it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from small_bundles import ROW, Fleet, serves

import edge_infer
import firmware_bundle
from edge_infer.__main__ import main
from edge_infer.errors import BadInput, EdgeInferError, Unavailable, Untrusted
from edge_infer.slots import Root, serve
from edge_infer.slots.state import EMPTY, read_state, write_state
from firmware_bundle.slots import gc, install, rollback, status


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "gadget"


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(p.relative_to(folder)): (p.stat().st_size, p.stat().st_mtime_ns)
        for p in folder.rglob("*")
    }


def test_the_first_installation_pins_the_key_and_serves(fleet: Fleet, root: Path) -> None:
    done = fleet.install(root, 1)
    assert (done.on_trial, done.previous) == (False, None)
    assert serves(root) == 1
    assert (root / "trust").read_bytes() == fleet.trust().read_bytes()
    assert sorted(p.name for p in root.iterdir()) == [
        "edge_infer.py", "lock", "run", "staging", "state.json", "trust", "versions",
    ]  # fmt: skip


def test_an_update_needs_no_key_and_keeps_the_version_before(fleet: Fleet, root: Path) -> None:
    first = fleet.install(root, 1)
    second = fleet.install(root, 2)
    assert (serves(root), second.previous) == (2, first.version)
    assert [v.fault for v in status(root).versions] == [None, None]


def test_older_versions_go_unless_a_budget_keeps_them(fleet: Fleet, root: Path) -> None:
    for number in (1, 2, 3):
        fleet.install(root, number, budget_bytes=10**6)
    assert len(Root(root).versions()) == 3
    one = sum(p.stat().st_size for p in fleet.bundle(1).rglob("*") if p.is_file())
    assert gc(root, budget_bytes=3 * one + 100) == []
    assert [name.partition("-")[0] for name in gc(root)] == ["1"]
    assert len(Root(root).versions()) == 2
    assert list((root / "staging").iterdir()) == []


def test_rollback_serves_the_version_before_and_back_again(fleet: Fleet, root: Path) -> None:
    for number in (1, 2):
        fleet.install(root, number)
    rollback(root)
    assert serves(root) == 1
    rollback(root)
    assert serves(root) == 2


def test_without_a_version_before_there_is_no_rollback(fleet: Fleet, root: Path) -> None:
    fleet.install(root, 1)
    with pytest.raises(Unavailable, match="no version to go back to"):
        rollback(root)
    assert serves(root) == 1


def test_a_damaged_version_is_not_gone_back_to(fleet: Fleet, root: Path) -> None:
    before = fleet.install(root, 1).version
    fleet.install(root, 2)
    (root / "versions" / before / "artifact" / "golden.bin").write_bytes(b"")
    with pytest.raises(Untrusted):
        rollback(root)
    assert serves(root) == 2


def test_a_running_model_notices_a_new_version_at_its_own_point(fleet: Fleet, root: Path) -> None:
    fleet.install(root, 1)
    old = edge_infer.load(root)
    assert old.refresh() is old
    fleet.install(root, 2)
    assert old.predict_one(ROW) == 1
    new = old.refresh()
    assert (new.predict_one(ROW), old.predict_one(ROW)) == (2, 1)
    assert new.refresh() is new
    rollback(root)
    assert new.refresh().predict_one(ROW) == 1


def test_refresh_while_another_process_tries_a_version_opens_nothing_anew(
    fleet: Fleet, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial may take minutes; a loop that refreshes after each row must keep its pace."""
    fleet.install(root, 1)
    model = edge_infer.load(root)
    fleet.install(root, 2, trial=None)
    opened: list[object] = []
    whole = serve.read_artifact
    monkeypatch.setattr(serve, "read_artifact", lambda *a, **k: opened.append(a) or whole(*a, **k))
    with Root(root).lock():
        assert model.refresh() is model
    assert opened == []
    assert model.refresh().predict_one(ROW) == 2
    assert len(opened) == 1


def test_refresh_of_a_model_without_a_root_is_itself(fleet: Fleet) -> None:
    model = edge_infer.load(fleet.bundle(1), trust=fleet.trust())
    assert model.refresh() is model


def test_what_is_no_root_is_left_alone(fleet: Fleet, root: Path) -> None:
    root.mkdir()
    (root / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(BadInput, match="holds other things"):
        fleet.install(root, 1)
    assert [p.name for p in root.iterdir()] == ["holiday.jpg"]
    with pytest.raises(BadInput, match="no root"):
        status(root)


def test_without_a_key_nothing_is_installed(fleet: Fleet, root: Path) -> None:
    with pytest.raises(Untrusted, match="no key is pinned"):
        install(fleet.bundle(1), root)
    assert not root.exists()


def test_a_clock_without_its_offset_is_refused_before_anything_is_made(
    fleet: Fleet, root: Path
) -> None:
    with pytest.raises(BadInput, match="does not say where it is"):
        fleet.install(root, 1, clock=datetime(2026, 1, 1))
    assert not root.exists()


def test_another_key_than_the_pinned_one_is_refused(fleet: Fleet, root: Path) -> None:
    fleet.install(root, 1)
    with pytest.raises(Untrusted, match="pinned another key"):
        fleet.install(root, 2, trust=fleet.trust("thief"))
    with pytest.raises(Untrusted, match="another key"):
        install(fleet.bundle(2, key="thief"), root)
    assert serves(root) == 1


def test_a_wrong_key_named_beside_a_root_is_not_mistaken_for_an_empty_root(
    fleet: Fleet, root: Path
) -> None:
    fleet.install(root, 1)
    with pytest.raises(Untrusted, match="another key") as caught:
        edge_infer.load(root, trust=fleet.trust("thief"))
    assert "leave out --trust" in str(caught.value.hint)


def test_several_keys_are_pinned_as_one_trust_file(fleet: Fleet, root: Path) -> None:
    both = [fleet.trust(), fleet.trust("second")]
    fleet.install(root, 1, trust=both)
    fleet.install(root, 2, key="second")
    assert serves(root) == 2
    fleet.install(root, 3, trust=both)


def test_a_root_that_another_user_can_change_pins_nothing(fleet: Fleet, root: Path) -> None:
    fleet.install(root, 1)
    root.chmod(0o777)
    with pytest.raises(Untrusted, match="somebody else"):
        serves(root)
    assert serves(root, trust=fleet.trust()) == 1
    root.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(root, 12345, 12345)
        with pytest.raises(Untrusted, match="owner 12345"):
            serves(root)


def installs_as_nobody(bundle: Path, root: Path) -> str:
    """What a user who owns nothing is told."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            install(bundle, root, trial=None)
        except BaseException as error:
            os.write(theirs, repr(error).encode() + str(error).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    os.waitpid(child, 0)
    with os.fdopen(ours) as told:
        return told.read()


def test_a_root_of_another_user_is_not_installed_into(fleet: Fleet) -> None:
    """Whoever may not write there is told so; root does not take over what is somebody else's."""
    if os.geteuid() != 0:
        pytest.skip("not root: nobody can be made another user")
    with tempfile.TemporaryDirectory() as folder:
        place, root = Path(folder), Path(folder, "gadget")
        shutil.copytree(fleet.bundle(2), place / "bundle")
        fleet.install(root, 1)
        before = snapshot(root)
        place.chmod(0o755)
        for mode in (0o755, 0o700):
            root.chmod(mode)
            assert "become the owner" in installs_as_nobody(place / "bundle", root)
        assert snapshot(root) == before
        os.chown(root, 12345, 12345)
        with pytest.raises(Untrusted, match="owner 12345"):
            fleet.install(root, 2)
        assert serves(root, trust=fleet.trust()) == 1


def test_reading_commands_take_a_root(
    fleet: Fleet, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet.install(root, 7)
    (tmp_path / "rows.csv").write_text("0.5,0.25\n")
    assert main(["predict", str(root), str(tmp_path / "rows.csv")]) == 0
    assert capsys.readouterr().out == "7\n"
    for verb in ("verify", "info", "selftest", "bench"):
        assert main([verb, str(root), "--json"]) == 0
    assert '"sequence": 7' in capsys.readouterr().out


def test_the_commands_install_show_go_back_and_collect(
    fleet: Fleet, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        words = ["install", str(fleet.bundle(number)), str(root), "--later", "--json"]
        assert main([*words, "--trust", str(fleet.trust())]) == 0
        assert json.loads(capsys.readouterr().out)["on_trial"] is True
        assert serves(root) == number
    assert main(["status", str(root), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["current"].startswith("2-")
    assert list(shown["floors"].values()) == [2]
    assert main(["rollback", str(root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["current"].startswith("1-")
    assert main(["gc", str(root)]) == 0
    assert main(["status", str(root)]) == 0
    assert "verified" in capsys.readouterr().out
    assert main(["status", str(root / "versions")]) == BadInput.exit_code


def test_looking_at_a_root_and_serving_from_it_write_nothing(fleet: Fleet, root: Path) -> None:
    for number in (1, 2):
        fleet.install(root, number)
    before = snapshot(root)
    model = edge_infer.load(root)
    for _ in range(100):
        model.predict_one(ROW)
        model.refresh()
    status(root)
    assert snapshot(root) == before


def test_a_state_is_read_as_it_was_written() -> None:
    assert read_state(write_state(EMPTY)) == EMPTY
    data = write_state(EMPTY)
    for position in range(len(data)):
        flipped = bytearray(data)
        flipped[position] ^= 1
        assert read_state(bytes(flipped)) in (None, EMPTY)


@pytest.mark.parametrize("name", ["staging", "lock", "run"])
def test_lost_helpers_are_no_loss(fleet: Fleet, root: Path, name: str) -> None:
    fleet.install(root, 1)
    path = root / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert serves(root) == 1
    fleet.install(root, 2)
    assert serves(root) == 2


def test_the_installer_is_small(fleet: Fleet, tmp_path: Path) -> None:
    """At most 20 MB for 100 MB: files are copied block by block."""
    big = fleet.bundle(1, extra={f"wheels/{n}.whl": bytes([n]) * (25 << 20) for n in range(4)})
    program = (
        "import sys; from firmware_bundle.slots import install\n"
        "install(sys.argv[1], sys.argv[2], trust=sys.argv[3], trial=None)\n"
        "own = [l for l in open('/proc/self/status') if l.startswith('VmHWM')]\n"
        "print(own[0].split()[1])\n"
    )
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc: the memory of a process cannot be told")
    done = subprocess.run(
        [sys.executable, "-c", program, big, tmp_path / "root", fleet.trust()],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) <= 20 * 1024


def test_refusals_are_ours(fleet: Fleet, tmp_path: Path) -> None:
    calls: list[tuple[Any, Any]] = [
        (fleet.bundle(1), tmp_path / "no" / "such"),
        (tmp_path / "nothing", tmp_path / "root"),
        (fleet.trust(), tmp_path / "root"),
    ]
    for bundle, root in calls:
        with pytest.raises(EdgeInferError):
            firmware_bundle.install(bundle, root, trust=fleet.trust())
        assert not root.exists()
