"""A bundle carries the parts of the runtime that its model and target use, and no others."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LinearRegression, SGDClassifier

import convert
import firmware_bundle
from edge_infer.contract import Image
from edge_infer.errors import Incompatible
from edge_infer.trust.keygen import generate
from edge_infer.trust.signing import sign_tree
from firmware_bundle.parts import DETECTORS, ONNXRUNTIME, PICTURES, TABLES, TEXTS

if TYPE_CHECKING:
    from pathlib import Path

FOOTPRINT_BYTES = 300_000
"""Of all that a device without onnxruntime needs beside Python, for the digits."""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`small`, for a target without onnxruntime; `whole`, for any; `picture`, an artifact."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler: apt install gcc libc6-dev")
    folder = tmp_path_factory.mktemp("card")
    key, trust = generate(folder / "fleet")[0], folder / "fleet.pub"
    X, y = load_digits(return_X_y=True)
    estimator = SGDClassifier(random_state=0).fit(X, y)
    X = X[:60]
    artifact = convert.export(estimator, X, name="digits").write(
        folder / "artifact", key=key, native="host"
    )
    firmware_bundle.bundle(artifact, folder / "whole", key=key, trust=trust)
    # Nothing here runs what is compiled for the target: the length of the host's will do.
    (host,) = (artifact / "native").iterdir()
    (artifact / "native" / "riscv64.so").write_bytes(host.read_bytes())
    _sign(artifact, key)
    firmware_bundle.bundle(artifact, folder / "small", key=key, trust=trust, target="riscv64")
    image = Image("X", "L", 2, 2, 0.0, 16.0, False, "nearest")
    few = LinearRegression().fit(X[:50, 2:6], y[:50])
    convert.export(few, X[:50, 2:6], name="picture", image=image).write(
        folder / "picture", key=key, native="host"
    )
    np.savetxt(folder / "rows.csv", X, fmt="%g", delimiter=",")
    (folder / "told.json").write_text(json.dumps(estimator.predict(X).tolist()))
    return folder


def _sign(artifact: Path, key: Path) -> None:
    (artifact / "model.sig").unlink()
    files = {
        path.relative_to(artifact).as_posix(): path.read_bytes()
        for path in artifact.rglob("*")
        if path.is_file()
    }
    (artifact / "model.sig").write_bytes(sign_tree(files, key=key, name="digits"))


def run(card: Path, *words: str, site: bool = False) -> subprocess.CompletedProcess[str]:
    """On this Python, with its site-packages or as it comes."""
    flags = ["-I"] if site else ["-I", "-S"]
    return subprocess.run(
        [sys.executable, *flags, *words], cwd=card, capture_output=True, text=True, check=False
    )


def names(bundle: Path) -> set[str]:
    with zipfile.ZipFile(bundle / "runtime.zip") as archive:
        return set(archive.namelist())


def test_the_whole_footprint_on_a_device_without_onnxruntime(card: Path) -> None:
    sizes = {p: p.stat().st_size for p in (card / "small").rglob("*") if p.is_file()}
    one_too_many = card / "small" / "artifact" / "native" / "riscv64.so"
    assert sum(sizes.values()) - sizes[one_too_many] <= FOOTPRINT_BYTES


def test_a_bundle_lacks_what_its_model_and_target_never_use(card: Path) -> None:
    small, whole = names(card / "small"), names(card / "whole")
    assert not small & (ONNXRUNTIME | DETECTORS | PICTURES | TEXTS | TABLES)
    assert whole >= ONNXRUNTIME | PICTURES | TEXTS | TABLES
    assert "firmware_bundle/slots/installer.py" in small
    assert "firmware_bundle/slots/installer.pyc" not in small


@pytest.mark.parametrize("site", [False, True], ids=["bare", "beside onnxruntime"])
def test_it_predicts_without_what_it_lacks(card: Path, site: bool) -> None:
    done = run(card, "small/run", "predict", "rows.csv", "--trust", "fleet.pub", site=site)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(map(int, done.stdout.split())) == json.loads((card / "told.json").read_text())


@pytest.mark.parametrize("verb", ["verify", "info", "selftest"])
def test_every_command_works_without_what_it_lacks(card: Path, verb: str) -> None:
    assert run(card, "small/run", verb, "--trust", "fleet.pub", "--json").returncode == 0


def test_an_engine_that_it_lacks_is_named(card: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, 'small'); import edge_infer\n"
        "try: edge_infer.load('small', trust='fleet.pub', engine='onnxruntime')\n"
        "except edge_infer.Unavailable as error: print(error)\n"
    )
    done = run(card, "-c", program, site=True)
    assert done.stderr == ""
    assert "--target generic" in done.stdout


def test_an_update_is_compiled_as_it_starts(card: Path, tmp_path: Path) -> None:
    words = ("install", "small", str(tmp_path / "root"), "--trust", "fleet.pub")
    done = run(card, "small/run", *words)
    assert done.returncode == Incompatible.exit_code, "this machine is no RISC-V"
    assert "another kind of machine" in done.stderr


def test_a_process_that_meets_rows_it_has_no_part_for_says_to_start_again(card: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, 'small'); import edge_infer\n"
        "try: edge_infer.load('picture', trust='fleet.pub')\n"
        "except edge_infer.Incompatible as error: print(error)\n"
    )
    done = run(card, "-c", program)
    assert done.stderr == ""
    assert "edge_infer.images" in done.stdout
    assert "start the program again" in done.stdout
