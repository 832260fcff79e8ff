"""A detector is bundled whole or not at all: one declaration, two stages, a page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import edge_infer
import firmware_bundle
from edge_infer.__main__ import main
from edge_infer.contract import read_contract
from edge_infer.contract.detector import detector_contract
from edge_infer.detector_bundle import read_detector_bundle
from edge_infer.errors import BadInput, Incompatible, Untrusted
from edge_infer.trust.signing import sign_tree
from firmware_bundle import bundling

if TYPE_CHECKING:
    from small_bundles import Fleet

SHIPPED = Path(__file__).parents[2] / "examples" / "camera" / "models" / "faces"
TRAINER = SHIPPED / "trainer.pub"


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """A copy of the shipped detector, to be spoiled."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "faces"))


@pytest.fixture
def bundled(fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its bundle, with a page of a line: making a real one takes npm, and is tried in a browser."""

    def page(artifact: Any, contract: Any, **_: Any) -> dict[str, bytes]:
        parts = {name: content for name, content in artifact.items() if "native/" not in name}
        folder = {f"artifact/{name}": content for name, content in parts.items()}
        folder["model.sig"] = sign_tree(folder, key=fleet.key(), name=contract.name)
        return {f"phone/{name}": content for name, content in folder.items()}

    monkeypatch.setattr(bundling, "phone_files", page)
    return made(SHIPPED, fleet, tmp_path / "bundle")


def made(detector: Path, fleet: Fleet, out: Path, **options: Any) -> Path:
    options.setdefault("target", "phone")
    return firmware_bundle.bundle(detector, out, key=fleet.key(), trust=TRAINER, **options)


def test_the_models_lie_in_it_as_their_trainer_signed_them(bundled: Path, fleet: Fleet) -> None:
    for path in (one for stage in ("scan", "judge") for one in (SHIPPED / stage).rglob("*")):
        if path.is_file():
            copied = bundled / "artifact" / path.relative_to(SHIPPED)
            assert copied.read_bytes() == path.read_bytes()
    for part in ("scan", "judge"):
        assert edge_infer.load(bundled / "artifact" / part, trust=TRAINER)
    head = json.loads((bundled / "bundle.json").read_bytes())
    assert (head["name"], head["sequence"], head["target"]) == ("faces", 1, "phone")
    assert not (bundled / "run").exists()


@pytest.mark.parametrize("part", ["", "phone"])
def test_verify_says_who_signed_it(
    bundled: Path, fleet: Fleet, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    where = str(bundled / part)
    assert main(["verify", where, "--trust", str(fleet.trust()), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["verified"], said["name"], said["sequence"]) == (True, "faces", 1)
    tree, contract = read_detector_bundle(bundled / part, trust=fleet.trust())
    assert (len(tree.sizes), contract.name) == (said["files"], "faces")


def test_verify_refuses_a_flipped_byte_of_the_declaration(
    bundled: Path, fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bundled / "artifact" / "detector.json"
    path.write_bytes(path.read_bytes().replace(b"14.9", b"04.9"))
    assert main(["verify", str(bundled), "--trust", str(fleet.trust())]) == Untrusted.exit_code
    assert "detector.json" in capsys.readouterr().err


def test_what_reads_artifacts_refuses_it(bundled: Path, fleet: Fleet, tmp_path: Path) -> None:
    """Older releases as well: they know no other file in this place than contract.json."""
    with pytest.raises(Incompatible, match="no artifact or bundle") as refused:
        edge_infer.load(bundled, trust=fleet.trust())
    assert "serve-phone" in str(refused.value)
    with pytest.raises(edge_infer.EdgeInferError):
        firmware_bundle.install(bundled, tmp_path / "root", trust=fleet.trust())


def test_it_is_for_a_page_alone(fleet: Fleet, tmp_path: Path) -> None:
    for options in ({"target": "generic"}, {"wheels": True}):
        with pytest.raises(Incompatible, match="page alone"):
            made(SHIPPED, fleet, tmp_path / "out", **options)
        assert not (tmp_path / "out").exists()


def test_a_lowered_threshold_is_untrusted(faces: Path, fleet: Fleet, tmp_path: Path) -> None:
    path = faces / "detector.json"
    path.write_bytes(path.read_bytes().replace(b"14.9", b"04.9"))
    with pytest.raises(Untrusted, match="signed with"):
        made(faces, fleet, tmp_path / "out")


@pytest.mark.parametrize("stage", ["scan", "judge"])
def test_a_flipped_byte_of_a_stage_is_untrusted(
    faces: Path, fleet: Fleet, tmp_path: Path, stage: str
) -> None:
    graph = faces / stage / "model.onnx"
    content = graph.read_bytes()
    graph.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(Untrusted):
        made(faces, fleet, tmp_path / "out")


def test_a_missing_stage_is_refused_by_name(faces: Path, fleet: Fleet, tmp_path: Path) -> None:
    shutil.rmtree(faces / "judge")
    with pytest.raises(BadInput, match="judge"):
        made(faces, fleet, tmp_path / "out")


def test_the_stages_in_each_others_place_are_refused(
    faces: Path, fleet: Fleet, tmp_path: Path
) -> None:
    for one, other in (("scan", "kept"), ("judge", "scan"), ("kept", "judge")):
        (faces / one).rename(faces / other)
    with pytest.raises(Incompatible, match="no stage"):
        made(faces, fleet, tmp_path / "out")


def test_stages_of_two_releases_are_refused() -> None:
    import dataclasses

    scan, judge = (
        read_contract((SHIPPED / stage / "contract.json").read_bytes())
        for stage in ("scan", "judge")
    )
    later = dataclasses.replace(judge, sequence=2)
    with pytest.raises(Incompatible, match="one release"):
        detector_contract((SHIPPED / "detector.json").read_bytes(), {"scan": scan, "judge": later})


def test_a_declaration_without_an_end_is_not_read_into_memory(
    faces: Path, fleet: Fleet, tmp_path: Path
) -> None:
    with (faces / "detector.json").open("wb") as file:
        file.truncate(1 << 33)
    with pytest.raises(BadInput, match="too large"):
        made(faces, fleet, tmp_path / "out")
