"""Commands of a root where it is none, is damaged, or another key is named."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

import edge_infer
from edge_infer.__main__ import main
from edge_infer.errors import BadInput, Untrusted
from firmware_bundle.slots import gc, install, rollback, status

if TYPE_CHECKING:
    from pathlib import Path

    from small_bundles import Fleet


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


@pytest.mark.parametrize("verb", ["gc", "status", "rollback"])
@pytest.mark.parametrize("kind", ["bundle", "empty", "nothing", "file"])
def test_what_is_no_root_is_refused_and_not_written_into(
    fleet: Fleet, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str, kind: str
) -> None:
    place = tmp_path / "place"
    if kind == "bundle":
        shutil.copytree(fleet.bundle(1), place)
    elif kind == "empty":
        place.mkdir()
    elif kind == "file":
        place.write_bytes(b"mine")
    before = names(tmp_path)
    assert main([verb, str(place)]) == BadInput.exit_code
    assert "is no root" in (said := capsys.readouterr().err)
    assert "to do:" in said
    assert names(tmp_path) == before
    if kind == "bundle":
        assert edge_infer.load(place, trust=fleet.trust()).engine


@pytest.mark.parametrize("kind", ["bundle", "in a bundle", "file", "in a file"])
def test_nothing_is_installed_into_what_is_no_root(fleet: Fleet, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "place"
    if kind.endswith("bundle"):
        shutil.copytree(fleet.bundle(1), place)
    else:
        place.write_bytes(b"mine")
    before = names(tmp_path)
    with pytest.raises(BadInput) as caught:
        install(
            fleet.bundle(2), place / "new" if kind.startswith("in") else place, trust=fleet.trust()
        )
    assert caught.value.hint
    assert names(tmp_path) == before


def test_a_version_that_is_gone_is_shown_as_gone(
    fleet: Fleet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "root"
    fleet.install(root, 1)
    name = fleet.install(root, 2).version
    shutil.rmtree(root / "versions" / name)
    (kept, gone) = status(root).versions
    assert (kept.fault, gone.name) == (None, name)
    assert "not there" in str(gone.fault)
    assert main(["status", str(root)]) == Untrusted.exit_code
    current = next(
        line for line in capsys.readouterr().out.splitlines() if line.startswith("current")
    )
    assert "DAMAGED" in current
    assert "not there" in current
    assert main(["status", str(root), "--json"]) == Untrusted.exit_code
    shown = json.loads(capsys.readouterr().out)
    assert list(shown["damaged"]) == [name]
    assert "not there" in shown["damaged"][name]


def test_a_version_that_changed_is_shown_as_damaged(
    fleet: Fleet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "root"
    name = fleet.install(root, 1).version
    (root / "versions" / name / "artifact" / "model.onnx").write_bytes(b"rot")
    assert main(["status", str(root), "--json"]) == Untrusted.exit_code
    assert list(json.loads(capsys.readouterr().out)["damaged"]) == [name]
    fleet.install(root, 2)
    assert main(["status", str(root), "--json"]) == Untrusted.exit_code  # no way back
    assert json.loads(capsys.readouterr().out)["current"].startswith("2-")


def test_a_wrong_key_is_untrusted_with_every_command(
    fleet: Fleet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, thief = tmp_path / "root", str(fleet.trust("thief"))
    fleet.install(root, 1)
    fleet.install(root, 2)
    (tmp_path / "rows.csv").write_text("0.5,0.25\n")
    with pytest.raises(Untrusted, match="no model"):
        edge_infer.load(root, trust=thief)
    for verb in ("verify", "info", "selftest", "bench", "predict"):
        words = [str(tmp_path / "rows.csv")] if verb == "predict" else []
        assert main([verb, str(root), *words, "--trust", thief]) == Untrusted.exit_code
    capsys.readouterr()
    assert main(["predict", str(root), str(tmp_path / "rows.csv")]) == 0


def test_functions_refuse_as_commands_do(tmp_path: Path) -> None:
    for verb in (gc, status, rollback):
        with pytest.raises(BadInput, match="no root"):
            verb(tmp_path / "nope")
