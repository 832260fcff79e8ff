"""Bundles for a kind of device: what is in them, and on which machine they install."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import convert
import firmware_bundle
from edge_infer.__main__ import main
from edge_infer.errors import BadInput, Incompatible, Unavailable
from edge_infer.trust.signing import sign_tree
from firmware_bundle.slots import install
from firmware_bundle.targets import TARGETS, check_machine

if TYPE_CHECKING:
    from pathlib import Path

    from small_bundles import Fleet

MACHINES = {
    "linux-x86-64": ("x86_64", 64),
    "raspberry-pi-64": ("aarch64", 64),
    "raspberry-pi-32": ("armv7l", 32),
    "openwrt-arm": ("armv7l", 32),
    "openwrt-mips": ("mips", 32),
    "riscv64": ("riscv64", 64),
}


@pytest.fixture(scope="module")
def artifact(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    X = np.random.default_rng(0).normal(size=(60, 3))
    made = convert.export(LogisticRegression().fit(X, X[:, 0] > 0), X, name="slope", sequence=4)
    out = tmp_path_factory.mktemp("targets") / "artifact"
    made.write(out, key=fleet.key())
    return out


def bundle(fleet: Fleet, artifact: Path, out: Path, **options: Any) -> Path:
    return firmware_bundle.bundle(artifact, out, key=fleet.key(), trust=fleet.trust(), **options)


def with_compiled(fleet: Fleet, artifact: Path, out: Path, name: str) -> Path:
    """The artifact as it would be with a compiled model, which nothing here loads."""
    files = {
        p.relative_to(artifact).as_posix(): p.read_bytes()
        for p in artifact.rglob("*")
        if p.is_file() and p.name != "model.sig"
    }
    files[f"native/{name}.so"] = b"\x7fELF"
    files["model.sig"] = sign_tree(files, key=fleet.key(), name="artifact")
    for one, content in files.items():
        (out / one).parent.mkdir(parents=True, exist_ok=True)
        (out / one).write_bytes(content)
    return out


def names(root: Path) -> set[str]:
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", MACHINES)
def test_a_bundle_fits_its_machine_and_no_other(name: str) -> None:
    machine, bits = MACHINES[name]
    check_machine(name, machine=machine, bits=bits)
    check_machine("generic", machine=machine, bits=bits)
    with pytest.raises(Incompatible, match="another kind of machine"):
        check_machine(name, machine="s390x", bits=bits)
    with pytest.raises(Incompatible, match="another kind of machine"):
        check_machine(name, machine=machine, bits=96 - bits)


def test_every_target_is_tried_here() -> None:
    assert set(MACHINES) | {"generic", "phone"} == set(TARGETS)


def test_a_64_bit_kernel_with_a_32_bit_system_is_a_32_bit_machine() -> None:
    check_machine("raspberry-pi-32", machine="aarch64", bits=32)
    with pytest.raises(Incompatible):
        check_machine("raspberry-pi-64", machine="aarch64", bits=32)


@pytest.mark.parametrize(
    ("target", "unit"),
    [("generic", None), ("linux-x86-64", "gadget.service"), ("raspberry-pi-64", "gadget.service")],
)
def test_the_service_unit_is_the_targets(
    fleet: Fleet, artifact: Path, tmp_path: Path, target: str, unit: str | None
) -> None:
    made = bundle(fleet, artifact, tmp_path / "out", target=target)
    assert {n for n in names(made) if n.startswith("services/")} == (
        {f"services/{unit}"} if unit else set()
    )
    assert ("services/" in (made / "README.txt").read_text()) == (unit is not None)
    if unit is not None:
        text = (made / "services" / unit).read_text()
        assert "ExecStart=/opt/python/bin/python3 -B /opt/firmware.py\n" in text


@pytest.mark.parametrize("target", [t.name for t in TARGETS.values() if t.native])
def test_a_target_without_onnxruntime_needs_its_compiled_model(
    fleet: Fleet, artifact: Path, tmp_path: Path, target: str
) -> None:
    with pytest.raises(Incompatible, match="no compiled model") as refused:
        bundle(fleet, artifact, tmp_path / "out", target=target)
    wanted = TARGETS[target].native[0]
    assert f"--native {wanted}" in str(refused.value)
    compiled = with_compiled(fleet, artifact, tmp_path / "compiled", wanted)
    made = bundle(fleet, compiled, tmp_path / "out", target=target)
    assert f"artifact/native/{wanted}.so" in names(made)
    (unit,) = (made / "services").iterdir()
    assert "/usr/bin/python3 -B /opt/firmware.py" in unit.read_text(), "nothing was installed there"


def test_a_bundle_for_another_machine_is_not_installed(
    fleet: Fleet, artifact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import platform

    made = bundle(fleet, artifact, tmp_path / "out", target="linux-x86-64")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(Incompatible, match="another kind of machine"):
        install(made, tmp_path / "gadget", trust=fleet.trust())
    assert not (tmp_path / "gadget").exists()


def test_a_tar_is_the_same_bytes_each_time(fleet: Fleet, artifact: Path, tmp_path: Path) -> None:
    one, two = (bundle(fleet, artifact, tmp_path / n, tar=True) for n in ("1.tar", "2.tar"))
    assert one.read_bytes() == two.read_bytes()


def test_a_bundle_is_tried_installed_and_served_by_its_own_runtime(
    fleet: Fleet, artifact: Path, tmp_path: Path
) -> None:
    """With processes of their own: `run install`, `ROOT/run`, `ROOT` on the path."""

    packed = bundle(fleet, artifact, tmp_path / "b.tar", tar=True)
    folder = bundle(fleet, artifact, tmp_path / "b")
    root = tmp_path / "gadget"
    (tmp_path / "rows.csv").write_text("1,0,0\n-1,0,0\n")

    def python(*words: object) -> str:
        done = subprocess.run(
            [sys.executable, *map(str, words)],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    told = python(
        "-S", folder / "run", "install", packed, root, "--trust", fleet.trust(), "--later"
    )
    assert "on trial" in told
    python(folder / "run", "install", folder, root)
    assert python(root / "run", "predict", "rows.csv").split() == ["True", "False"]
    assert "verified" in python(root / "run", "status")
    program = (
        f"import sys; sys.path.insert(0, {str(root)!r}); import edge_infer\n"
        f"print(edge_infer.load({str(root)!r}).predict_one([1.0, 0.0, 0.0]), edge_infer.__file__)"
    )
    label, where = python("-c", program).split()
    assert label == "True"
    assert where.startswith(str(root / "versions"))


def test_a_rollback_is_published_for_what_it_may_replace(
    fleet: Fleet, artifact: Path, tmp_path: Path
) -> None:
    made = bundle(fleet, artifact, tmp_path / "out", may_replace=9)
    assert json.loads((made / "bundle.json").read_bytes())["may_replace"] == 9
    with pytest.raises(BadInput, match="may_replace"):
        bundle(fleet, artifact, tmp_path / "no", may_replace=0)


def test_the_listing_names_each_part_and_its_size(
    fleet: Fleet, artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bundle", str(artifact), "--key", str(fleet.key()), "--trust", str(fleet.trust())]
    for extra in ([], ["--tar"]):
        out = tmp_path / f"out{len(extra)}"
        assert main([*words, "--out", str(out), "--target", "linux-x86-64", *extra]) == 0
        told = capsys.readouterr().out
        for part in ("runtime.zip", "artifact/", "services/", "door for import", "all"):
            assert part in told


def test_there_are_no_wheels_for_a_target_without_onnxruntime(
    fleet: Fleet, artifact: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="no wheels"):
        bundle(fleet, artifact, tmp_path / "out", wheels=True)


def test_wheels_that_cannot_be_fetched_leave_nothing(
    fleet: Fleet, artifact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(Unavailable, match="pip cannot fetch"):
        bundle(fleet, artifact, tmp_path / "out", target="raspberry-pi-64", wheels=True)
    assert not (tmp_path / "out").exists()
