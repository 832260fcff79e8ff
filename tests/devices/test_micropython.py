"""The digits under MicroPython, here and on emulated ARM: its own reader of the artifact.

Debian's micropython is unpacked into `.devices/`; it needs a mirror, and no root.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from digits import succeed
from emulation import PLACE, Kind, NotHere, cut_network, emulator, make_root

if TYPE_CHECKING:
    from digits import Digits

pytestmark = pytest.mark.skipif(
    os.environ.get("EDGE_INFER_DEVICES") != "1", reason="make test-devices runs the emulated ones"
)

KINDS = {
    "x86_64": Kind("amd64", "x86_64", "", "", release="trixie", include="micropython"),
    "aarch64": Kind("arm64", "aarch64", "qemu-aarch64-static", "cortex-a72", release="trixie",
                    include="micropython"),
    "armv7hf": Kind("armhf", "armv7l", "qemu-arm-static", "cortex-a7", release="trixie",
                    include="micropython"),
}  # fmt: skip
"""Name of the compiled model's target to Debian's architecture."""


@dataclass(frozen=True)
class Place:
    """MicroPython beside a bundle."""

    target: str
    root: Path
    card: Path

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the card's folder, without a network."""
        path = self.card / "program.py"
        path.write_text("import sys\nsys.path.insert(0, 'bundle/micropython')\n" + program)
        kind = KINDS[self.target]
        python = self.root / "usr" / "bin" / "micropython"
        if kind.emulator:
            command = [emulator(kind.emulator), str(python)]
        else:
            libraries = self.root / "usr" / "lib" / f"{kind.machine}-linux-gnu"
            loader = libraries / "ld-linux-x86-64.so.2"
            command = [str(loader), "--library-path", str(libraries), str(python)]
        return subprocess.run(
            [*cut_network(), *command, str(path), *words], cwd=self.card, text=True,
            env={"QEMU_LD_PREFIX": str(self.root), "QEMU_CPU": kind.processor or "max"},
            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=300,
        )  # fmt: skip

    @property
    def pin(self) -> str:
        """What a user pins where the signature was verified."""
        return hashlib.sha256((self.artifact / "model.sig").read_bytes()).hexdigest()

    @property
    def artifact(self) -> Path:
        return self.card / "bundle" / "artifact"


@pytest.fixture(scope="module", params=KINDS)
def place(
    request: pytest.FixtureRequest, digits: Digits, tmp_path_factory: pytest.TempPathFactory
) -> Place:
    kind = KINDS[request.param]
    root = PLACE / f"micropython-{kind.debian}"
    try:
        if not kind.emulator and platform.machine() != kind.machine:
            raise NotHere(f"this machine is a {platform.machine()}")
        if kind.emulator:
            emulator(kind.emulator)
        if not (root / "made").exists():
            shutil.rmtree(root, ignore_errors=True)
            make_root(kind, root)
            if not (root / "lib").exists():
                (root / "lib").symlink_to("usr/lib")
            (root / "made").touch()
    except NotHere as error:
        pytest.skip(f"MicroPython on {request.param}: {error}")
    card = digits.card("generic", tmp_path_factory.mktemp("micropython"), native=request.param)
    digits.rows.astype("<f8").tofile(card / "rows.raw")
    return Place(request.param, root, card)


def test_the_script_of_the_guide_runs_as_written(place: Place) -> None:
    """docs/embedding.md; its sh and python blocks are run by the tests of the documentation."""
    page = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text("utf-8")
    (script,) = re.findall(r"^```micropython\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (place.card / "small").symlink_to("bundle")
    (place.card / "pin.txt").write_text(place.pin + "\n")
    labels = succeed(place.run(script)).split("label")[1:]
    assert list(map(int, labels[:10])) == list(range(10))


PREDICT = """
import array, edge_model
model = edge_model.load("bundle/artifact", sys.argv[1])
with open("rows.raw", "rb") as file:
    for _ in range(1797):
        print(model.predict(array.array("d", file.read(64 * 8))))
"""


def test_no_label_of_1797_digits_differs(place: Place, digits: Digits) -> None:
    labels = np.array(succeed(place.run(PREDICT, place.pin)).split(), dtype=np.int64)
    assert labels.tolist() == digits.labels.tolist()


def test_scores_in_a_batch_are_those_of_the_golden_vectors(place: Place, digits: Digits) -> None:
    program = """
import array, edge_model
model = edge_model.load("bundle/artifact", sys.argv[1])
with open("rows.raw", "rb") as file:
    rows = array.array("d", file.read(64 * 8 * 20))
print(*["%.17g" % x for x in model.run("predict_proba", rows)[0]])
"""
    found = np.array(succeed(place.run(program, place.pin)).split(), dtype=float)
    from sklearn.datasets import load_digits
    from sklearn.linear_model import SGDClassifier

    X, y = load_digits(return_X_y=True)
    estimator = SGDClassifier(loss="log_loss", random_state=0).fit(X, y)
    want = estimator.predict_proba(X[:20])
    # MicroPython prints its doubles to about sixteen digits.
    np.testing.assert_allclose(found.reshape(20, 10), want, rtol=1e-9, atol=1e-15)


def test_bad_rows_are_refused(place: Place) -> None:
    program = """
import array, edge_model
model = edge_model.load("bundle/artifact", sys.argv[1])
for row in ([1.0] * 63, [1.0] * 65, [], [1.0] * 63 + [float("nan")], [float("inf")] * 64):
    try:
        model.predict(array.array("d", row))
        print("accepted")
    except ValueError as error:
        print(str(error).split("status ")[1][0], end=" ")
"""
    assert succeed(place.run(program, place.pin)).split() == ["3", "3", "1", "5", "6"]


@pytest.mark.parametrize("name", ["model.sig", "contract.json", "golden.bin", "native"])
def test_a_flipped_byte_is_refused(place: Place, name: str) -> None:
    pin = place.pin
    path = place.artifact / name
    path = path / f"{place.target}.so" if name == "native" else path
    right = path.read_bytes()
    changed = bytearray(right)
    changed[len(changed) // 2] ^= 1
    path.write_bytes(changed)
    try:
        done = place.run(PREDICT, pin)
    finally:
        path.write_bytes(right)
    assert done.returncode != 0
    assert done.stdout == ""
    assert "is not the file that was signed" in done.stderr


def test_a_library_that_is_swapped_after_it_was_compared_is_not_loaded(place: Place) -> None:
    """What is opened are the bytes that were hashed, not the file's later ones."""
    library = place.artifact / "native" / f"{place.target}.so"
    right = library.read_bytes()
    program = """
import array, edge_model
right = edge_model.read
def swapping(path, digest):
    data = right(path, digest)
    if path.endswith(".so"):
        with open(path, "wb") as file:
            file.write(b"another library")
    return data
edge_model.read = swapping
model = edge_model.load("bundle/artifact", sys.argv[1])
with open("rows.raw", "rb") as file:
    print(model.predict(array.array("d", file.read(64 * 8))))
"""
    try:
        done = place.run(program, place.pin)
        assert library.read_bytes() == b"another library"
    finally:
        library.write_bytes(right)
    assert succeed(done).split() == ["0"]


def test_golden_vectors_that_another_model_answers_are_found(place: Place) -> None:
    """Signed, but not of this model: the self-test is the last word."""
    program = """
import edge_model
right = edge_model.numbers
def wrong(tensor, golden):
    found = right(tensor, golden)
    return found if tensor["name"] == "X" else [value + 1 for value in found]
edge_model.numbers = wrong
edge_model.load("bundle/artifact", sys.argv[1])
"""
    done = place.run(program, place.pin)
    assert done.returncode != 0
    assert "the self-test failed" in done.stderr


def test_a_model_for_another_processor_is_not_loaded(place: Place) -> None:
    elf = b"\x7fELF\x01\x01\x01" + bytes(9) + b"\x03\0\x08\0" + bytes(32)
    library = place.artifact / "native" / f"{place.target}.so"
    right = library.read_bytes()
    library.write_bytes(elf)
    program = """
import edge_model
edge_model.read = lambda path, digest: open(path, "rb").read()
edge_model.load("bundle/artifact", "none")
"""
    try:
        done = place.run(program)
    finally:
        library.write_bytes(right)
    assert done.returncode != 0
    assert "no compiled model for this processor" in done.stderr
