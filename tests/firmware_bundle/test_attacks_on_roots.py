"""What somebody with rights of their own can do to a root, and to whoever installs into it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from small_bundles import Fleet, in_process, serves

from edge_infer.errors import Incompatible, Unavailable, Untrusted
from edge_infer.trust import editing, parse_public_key, read_pins
from edge_infer.trust.trust_file import write_trust_file
from firmware_bundle.slots import gc, install, status

if TYPE_CHECKING:
    from pathlib import Path

    from edge_infer.slots import Root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "gadget"


def test_a_staging_that_is_a_link_does_not_have_another_folder_emptied(
    fleet: Fleet, root: Path, tmp_path: Path
) -> None:
    fleet.install(root, 1)
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious").write_text("kept")
    (root / "staging").rmdir()
    (root / "staging").symlink_to(other)
    with pytest.raises(Untrusted, match="is a link"):
        gc(root)
    with pytest.raises(Unavailable, match="File exists"):
        fleet.install(root, 2)
    assert (other / "precious").read_text() == "kept"
    assert serves(root) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: no directory can be another user's")
def test_root_neither_collects_nor_provisions_in_a_directory_of_somebody_else(
    fleet: Fleet, root: Path
) -> None:
    """Its owner could exchange what is removed or written for a link to anywhere."""
    fleet.install(root, 1)
    os.chown(root, 12345, 12345)
    with pytest.raises(Untrusted, match="owner 12345"):
        gc(root)
    fresh = root.with_name("fresh")
    fresh.mkdir()
    os.chown(fresh, 12345, 12345)
    with pytest.raises(Untrusted, match="owner 12345"):
        fleet.install(fresh, 1)
    assert list(fresh.iterdir()) == []


def test_a_link_that_the_caller_named_is_followed(fleet: Fleet, root: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    root.symlink_to(tmp_path / "data")
    fleet.install(root, 1)
    fleet.install(root, 2)
    assert serves(root) == 2
    assert status(tmp_path / "data").previous is not None


def test_what_is_installed_under_a_careless_umask_is_not_everybodys(
    fleet: Fleet, root: Path
) -> None:
    before = os.umask(0)
    try:
        fleet.install(root, 1)
    finally:
        os.umask(before)
    assert serves(root) == 1
    assert [path for path in (root, *root.rglob("*")) if path.stat().st_mode & 0o022] == []


def trust_file(fleet: Fleet, place: Path, who: str, name: str) -> Path:
    key = parse_public_key(fleet.trust(who).read_bytes())
    file = editing.add_key(editing.EMPTY, key, name=name, roles=["publisher"])
    place.write_bytes(write_trust_file(file))
    return place


@pytest.mark.parametrize("names", [("key-1", None), (None, "key-1"), ("fleet", "fleet")])
def test_keys_of_two_files_with_one_name_are_pinned_so_that_they_can_be_read(
    fleet: Fleet, root: Path, tmp_path: Path, names: tuple[str | None, str | None]
) -> None:
    who = ("fleet", "other")
    both = [
        fleet.trust(key) if name is None else trust_file(fleet, tmp_path / key, key, name)
        for key, name in zip(who, names, strict=True)
    ]
    fleet.install(root, 1, trust=both)
    assert serves(root) == 1
    pinned = read_pins(root / "trust")
    assert {pin.key for pin in pinned.keys} == {pin.key for pin in read_pins(both).keys}
    fleet.install(root, 2, key="other", trust=both)
    assert serves(root) == 2


def test_more_keys_than_a_trust_file_holds_are_not_pinned_halfway(fleet: Fleet, root: Path) -> None:
    many = [fleet.trust(f"many-{number}") for number in range(33)]
    with pytest.raises(Untrusted, match="too long"):
        fleet.install(root, 1, trust=[fleet.trust(), *many])
    assert not (root / "trust").exists()
    fleet.install(root, 1)
    assert serves(root) == 1


def test_of_two_that_provision_at_once_with_other_keys_the_second_runs_nothing(
    fleet: Fleet, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look while nothing is pinned; the first is done before the second has the lock."""
    from firmware_bundle.slots import installer

    whole = installer.make_root

    def slowly(place: Root) -> None:
        monkeypatch.setattr(installer, "make_root", whole)
        fleet.install(root, 1)
        whole(place)

    def runs(place: Root, name: str) -> None:
        pytest.fail("a version that nobody pinned was started")

    monkeypatch.setattr(installer, "make_root", slowly)
    stranger = fleet.bundle(2, key="other")
    with pytest.raises(Untrusted, match="pinned another key"):
        install(stranger, root, trust=fleet.trust("other"), trial=runs)
    assert [one.name[:2] for one in status(root).versions] == ["1-"]
    install(fleet.bundle(2), root, trial=in_process)
    assert serves(root) == 2


def test_a_release_of_another_model_under_the_same_key_is_no_update(
    fleet: Fleet, root: Path
) -> None:
    """Signed for other devices, with a higher number: it would exchange the model for good."""
    fleet.install(root, 1)
    other = fleet.bundle(50, name="another")
    for state in (None, b"", b"\0" * 512):
        if state is not None:
            (root / "state.json").write_bytes(state)
        with pytest.raises(Incompatible, match="another model"):
            fleet.install(root, bundle=other)
        assert serves(root) == 1
    fleet.install(root, 2)
    assert serves(root) == 2
    current = status(root).current
    assert current is not None
    (root / "versions" / current / "artifact" / "contract.json").unlink()
    with pytest.raises(Incompatible, match="another model"):
        fleet.install(root, bundle=other)
    fleet.install(root, 3)
    assert serves(root) == 3
