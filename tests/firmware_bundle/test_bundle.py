"""A bundle runs from where it lies, without anything of the workstation, and stays as signed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import convert
import edge_infer
import firmware_bundle
from edge_infer.__main__ import main
from edge_infer.errors import BadInput, Incompatible, Untrusted
from edge_infer.trust import verify_tree
from edge_infer.trust.keygen import generate
from edge_infer.trust.keys import parse_public_key
from firmware_bundle.manifest import read_manifest, write_manifest
from firmware_bundle.parts import SELDOM


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys, an artifact, its rows and scikit-learn's answers."""
    folder = tmp_path_factory.mktemp("shop")
    for stem in ("fleet", "publisher", "stranger"):
        generate(folder / stem)
    X = np.random.default_rng(0).normal(size=(80, 3))
    estimator = LogisticRegression().fit(X, np.where(X[:, 0] > 0, "up", "down"))
    convert.export(estimator, X, name="slope", sequence=4).write(
        folder / "artifact", key=folder / "fleet.key"
    )
    np.save(folder / "X.npy", X[:20])
    (folder / "labels.json").write_text(json.dumps(estimator.predict(X[:20]).tolist()))
    return folder


@pytest.fixture(scope="module")
def made(shop: Path) -> Path:
    return firmware_bundle.bundle(
        shop / "artifact", shop / "bundle", key=shop / "publisher.key", trust=shop / "fleet.pub"
    )


@pytest.fixture
def card(made: Path, shop: Path, tmp_path: Path) -> Path:
    """A copy of the bundle in another place, as on an SD card, with a key beside it."""
    shutil.copytree(made, tmp_path / "card")
    for name in ("publisher.pub", "X.npy"):
        shutil.copy(shop / name, tmp_path)
    return tmp_path / "card"


def python(*words: Any, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd, capture_output=True, text=True, check=False,
        env={"PATH": os.defpath, "HOME": str(cwd), **variables},
    )  # fmt: skip


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    """Name to size and time of change of everything, directories included."""
    return {
        str(p.relative_to(root)): (p.stat().st_size, p.stat().st_mtime_ns) for p in root.rglob("*")
    }


def test_a_bundle_loads_like_an_artifact(made: Path, shop: Path) -> None:
    model = edge_infer.load(made, trust=shop / "publisher.pub")
    labels = model.predict(np.load(shop / "X.npy")).tolist()
    assert labels == json.loads((shop / "labels.json").read_text())


def test_the_artifact_is_copied_untouched(made: Path, shop: Path) -> None:
    ours, theirs = (
        verify_tree(p, shop / "fleet.pub") for p in (shop / "artifact", made / "artifact")
    )
    assert dict(ours.files) == dict(theirs.files)
    assert ours.signature_sha256 == theirs.signature_sha256


def test_the_publishers_key_vouches_for_the_bundle_and_the_provers_does_not(
    made: Path, shop: Path
) -> None:
    assert verify_tree(made, shop / "publisher.pub").sizes["run"] > 0
    with pytest.raises(Untrusted, match="another key"):
        verify_tree(made, shop / "fleet.pub")


@pytest.mark.parametrize("options", [[], ["-O"], ["-W", "error"]], ids=str)
def test_run_predicts_and_writes_nothing(
    card: Path, shop: Path, tmp_path: Path, options: list[str]
) -> None:
    """With -O, as with another Python, the bytecode does not fit; it is not written anew."""
    before = snapshot(card)
    words = ("predict", card, "X.npy", "--trust", "publisher.pub", "--json")
    done = python(*options, card / "run", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    labels = [json.loads(line)["label"] for line in done.stdout.splitlines()]
    assert labels == json.loads((shop / "labels.json").read_text())
    assert snapshot(card) == before
    verify_tree(card, tmp_path / "publisher.pub")


@pytest.mark.parametrize("verb", ["verify", "info", "selftest", "predict"])
def test_run_means_itself_where_no_directory_is_named(
    card: Path, tmp_path: Path, verb: str
) -> None:
    files = ["X.npy"] if verb == "predict" else []
    for where in (tmp_path, card):
        rows = [str(tmp_path / name) for name in files]
        done = python(card / "run", verb, *rows, "--trust", tmp_path / "publisher.pub", cwd=where)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
    verify_tree(card, tmp_path / "publisher.pub")


def test_run_can_read_another_bundle(card: Path, shop: Path, tmp_path: Path) -> None:
    words = ("info", shop / "artifact", "--trust", shop / "fleet.pub", "--json")
    done = python(card / "run", *words, cwd=tmp_path)
    assert json.loads(done.stdout)["name"] == "slope"


def test_run_shows_help_and_usage(card: Path, tmp_path: Path) -> None:
    assert python(card / "run", "predict", "--help", cwd=tmp_path).returncode == 0
    assert python(card / "run", "predict", cwd=tmp_path).returncode == 2
    assert python(card / "run", "verify", cwd=tmp_path).returncode == Untrusted.exit_code


def test_run_is_executable_by_itself(made: Path) -> None:
    assert os.access(made / "run", os.X_OK)
    assert (made / "run").read_text().startswith("#!/usr/bin/env python3\n")


def test_run_starts_through_a_link(card: Path, tmp_path: Path) -> None:
    (tmp_path / "start").symlink_to(card / "run")
    done = python(tmp_path / "start", "verify", "--trust", "publisher.pub", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_importing_from_the_bundle_writes_nothing(card: Path, shop: Path, tmp_path: Path) -> None:
    """Without -B: the bytecode is there, and Python has no reason to write it anew."""
    program = (
        f"import sys; sys.path.insert(0, {str(card)!r}); import edge_infer, numpy\n"
        f"model = edge_infer.load({str(card)!r}, trust='publisher.pub')\n"
        "print(edge_infer.__file__); print(*model.predict(numpy.load('X.npy')))\n"
        "import edge_infer.trust.editing, edge_infer.commands.bench, edge_infer.__main__\n"
        "import firmware_bundle.slots.commands\n"
    )
    for source in sorted(card.rglob("*.py")):
        os.utime(source, (1, 1))  # a copy may lose the times; the bytecode does not care
    before = snapshot(card)
    done = python("-c", program, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    where, labels = done.stdout.splitlines()
    assert Path(where).parent == card / "runtime.zip" / "edge_infer"
    assert labels.split() == json.loads((shop / "labels.json").read_text())
    assert snapshot(card) == before
    verify_tree(card, tmp_path / "publisher.pub")


def test_every_module_has_its_bytecode_and_no_path_of_this_machine(made: Path) -> None:
    root = str(Path(edge_infer.__file__).parents[1]).encode()
    with zipfile.ZipFile(made / "runtime.zip") as archive:
        names = set(archive.namelist())
        sources = {name for name in names if name.endswith(".py")}
        compiled = {name for name in names if name.endswith(".pyc")}
        assert compiled == {f"{name}c" for name in sources - SELDOM}
        assert sources > SELDOM
        assert len(sources) > 50
        assert not [name for name in names if root in archive.read(name)]
        assert {archive.read(name)[4:8] for name in compiled} == {b"\x01\0\0\0"}, "unchecked hashes"
    assert {p.suffix for p in (made / "edge_infer").rglob("*") if p.is_file()} == {".py", ".pyc"}


def test_the_bundle_holds_nothing_of_the_workstation(made: Path) -> None:
    assert sorted(p.name for p in made.iterdir()) == [
        "README.txt", "artifact", "bundle.json", "edge_infer", "model.sig", "run", "runtime.zip",
    ]  # fmt: skip
    with zipfile.ZipFile(made / "runtime.zip") as archive:
        names = archive.namelist()
    assert not [n for n in names if "signing" in n or "keygen" in n or "bundling" in n]
    rooms = {name.partition("/")[0] for name in names}
    assert rooms == {
        "edge_infer",
        "firmware_bundle",
        f"edge_infer-{edge_infer.__version__}.dist-info",
    }


def test_a_bundle_of_a_small_model_is_small(made: Path) -> None:
    assert sum(p.stat().st_size for p in made.rglob("*") if p.is_file()) <= 350_000


def test_the_commands_of_a_device_are_there_without_an_installation(
    card: Path, tmp_path: Path
) -> None:
    for verb in ("install", "status", "rollback", "gc"):
        assert python("-S", card / "run", verb, "--help", cwd=tmp_path).returncode == 0
    done = python("-S", card / "run", "convert", cwd=tmp_path)
    assert done.returncode == edge_infer.Unavailable.exit_code


@pytest.mark.parametrize("name", ["run", "README.txt", "bundle.json", "artifact/model.onnx"])
def test_a_flipped_byte_is_refused(card: Path, tmp_path: Path, name: str) -> None:
    data = bytearray((card / name).read_bytes())
    data[-2] ^= 1
    (card / name).write_bytes(bytes(data))
    with pytest.raises(Untrusted, match="not the ones that were signed"):
        edge_infer.load(card, trust=tmp_path / "publisher.pub")


@pytest.mark.parametrize("name", ["json", "argparse"])
def test_a_module_put_into_the_bundle_is_refused_and_does_not_run(
    card: Path, tmp_path: Path, name: str
) -> None:
    (card / f"{name}.py").write_text("raise SystemExit('hostile')\n")
    done = python(card / "run", "verify", "--trust", "publisher.pub", cwd=tmp_path)
    assert done.returncode == Untrusted.exit_code
    assert "hostile" not in done.stdout + done.stderr
    assert f"{name}.py" in done.stderr


def test_changed_bytecode_is_refused(card: Path, tmp_path: Path) -> None:
    path = next(card.rglob("*.pyc"))
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(Untrusted):
        verify_tree(card, tmp_path / "publisher.pub")


def bundle(shop: Path, out: Path, artifact: Path | None = None, **other: Any) -> Path:
    options = {"key": shop / "publisher.key", "trust": shop / "fleet.pub", **other}
    return firmware_bundle.bundle(artifact or shop / "artifact", out, **options)


def test_an_artifact_of_another_key_is_not_bundled(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(Untrusted):
        bundle(shop, tmp_path / "out", trust=shop / "stranger.pub")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_artifact_is_not_bundled(shop: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(shop / "artifact", tmp_path / "broken"))
    (broken / "extra").write_bytes(b"")
    with pytest.raises(Untrusted, match="extra"):
        bundle(shop, tmp_path / "out", broken)
    assert not (tmp_path / "out").exists()


def test_a_bundle_is_not_bundled_again(shop: Path, made: Path, tmp_path: Path) -> None:
    with pytest.raises(Incompatible, match="no artifact"):
        bundle(shop, tmp_path / "out", made, trust=shop / "publisher.pub")


def test_an_unknown_target_is_named(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="target") as refused:
        bundle(shop, tmp_path / "out", target="toaster")
    assert str(refused.value.expected).startswith("generic, linux-x86-64, raspberry-pi-64")


def test_an_existing_output_is_left_alone(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("kept")
    with pytest.raises(BadInput, match="exists"):
        bundle(shop, tmp_path / "out")
    assert [p.name for p in tmp_path.rglob("*")] == ["out", "mine"]


def test_an_output_in_the_artifact_is_refused_and_the_artifact_stays(
    shop: Path, tmp_path: Path
) -> None:
    artifact = Path(shutil.copytree(shop / "artifact", tmp_path / "artifact"))
    for out in (artifact / "x", artifact / ".." / "artifact" / "x"):
        with pytest.raises(BadInput, match="signed directory"):
            bundle(shop, out, artifact)
    verify_tree(artifact, shop / "fleet.pub")


def test_a_full_disk_leaves_nothing(shop: Path, tmp_path: Path) -> None:
    program = f"""
import resource, firmware_bundle
from edge_infer.errors import Unavailable
from firmware_bundle import bundling
resource.setrlimit(resource.RLIMIT_FSIZE, (17000, 17000))
bundling.runtime_files = lambda _: {{"edge_infer/big.py": b"#" * 20000}}
try:
    firmware_bundle.bundle({str(shop / "artifact")!r}, "out", key={str(shop / "publisher.key")!r},
                           trust={str(shop / "fleet.pub")!r})
except Unavailable as error:
    print(error)
"""
    done = python("-c", program, cwd=tmp_path)
    assert "cannot write out" in done.stdout, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_command_lists_the_sizes(shop: Path, tmp_path: Path, capsys) -> None:
    words = ["bundle", str(shop / "artifact"), "--key", str(shop / "publisher.key")]
    words += ["--trust", str(shop / "fleet.pub"), "--out"]
    assert main([*words, str(tmp_path / "a")]) == 0
    told = capsys.readouterr().out
    signer = parse_public_key((shop / "publisher.pub").read_bytes()).fingerprint
    assert "slope, sequence 4" in told
    assert signer in told
    total = sum(p.stat().st_size for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert f"{total:,} bytes" in told
    assert main([*words, str(tmp_path / "b"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["signed_by"] == signer
    assert sum(told["size_bytes"].values()) == pytest.approx(total, abs=500)
    assert main([*words, str(tmp_path / "b"), "--json"]) == 5


def test_the_readme_names_the_model_and_says_how_to_start(made: Path) -> None:
    text = (made / "README.txt").read_text()
    assert text.startswith("slope, release 4\n")
    assert "python3 run predict rows.csv --trust KEY.pub" in text
    assert "{" not in text


def test_the_manifest_counts_what_is_there(made: Path) -> None:
    manifest = read_manifest((made / "bundle.json").read_bytes())
    files = [p for p in made.rglob("*") if p.is_file()]
    counted = [p for p in files if p not in (made / "bundle.json", made / "model.sig")]
    assert manifest.files == len(counted)
    assert manifest.size_bytes == sum(p.stat().st_size for p in counted)
    assert (manifest.name, manifest.sequence, manifest.target) == ("slope", 4, "generic")
    assert read_manifest(write_manifest(manifest)) == manifest


@pytest.mark.parametrize("change", [{"format": 2}, {"extra": 1}, {"files": "3"}, {"name": None}])
def test_another_manifest_is_refused(made: Path, change: dict[str, Any]) -> None:
    found = json.loads((made / "bundle.json").read_bytes()) | change
    with pytest.raises(Incompatible):
        read_manifest(json.dumps(found).encode())
