"""The digits on an emulated Raspberry Pi: from the copied bundle, offline, no label differs.

`make test-devices` runs it; it makes a small Debian for 64-bit ARM, which needs a mirror.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

sys.path.insert(0, str(Path(__file__).parent))

from emulation import Machine, NotHere, arm64, install_wheels

import convert
import firmware_bundle
from edge_infer.trust.keygen import generate
from firmware_bundle.targets import TARGETS

if TYPE_CHECKING:
    import subprocess

    from numpy.typing import NDArray

pytestmark = pytest.mark.skipif(
    os.environ.get("EDGE_INFER_DEVICES") != "1", reason="make test-devices runs the emulated ones"
)

TARGET = TARGETS["raspberry-pi-64"]
PAGE = Path(__file__).parents[2] / "docs" / "devices.md"


@pytest.fixture(scope="module")
def machine() -> Machine:
    try:
        found = arm64()
    except NotHere as error:
        pytest.skip(f"emulated arm64: {error}")
    if found.version != sys.version_info[:2]:
        pytest.skip(f"emulated arm64 has Python {found.version}, the bundle's is another")
    return found


@pytest.fixture(scope="module")
def digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    X, y = load_digits(return_X_y=True)
    return X, SGDClassifier(loss="log_loss", random_state=0).fit(X, y).predict(X)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as on the SD card: the bundle, the key, the rows."""
    shop, card = tmp_path_factory.mktemp("shop"), tmp_path_factory.mktemp("card")
    generate(shop / "fleet")
    X, y = load_digits(return_X_y=True)
    estimator = SGDClassifier(loss="log_loss", random_state=0).fit(X, y)
    convert.export(estimator, X, name="digits").write(shop / "artifact", key=shop / "fleet.key")
    made = firmware_bundle.bundle(
        shop / "artifact", shop / "bundle", key=shop / "fleet.key", trust=shop / "fleet.pub",
        target=TARGET.name, wheels=True,
    )  # fmt: skip
    shutil.copytree(made, card / "bundle")
    shutil.copy(shop / "fleet.pub", card)
    np.save(card / "rows.npy", X)
    return card


@pytest.fixture(scope="module")
def site(machine: Machine, card: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the bundle's own wheels install, as its README says."""
    place = tmp_path_factory.mktemp("site")
    install_wheels(card / "bundle", place, TARGET.wheels, ".".join(map(str, machine.version)))
    return place


def succeed(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_an_arm_without_scikit_learn_and_without_a_network(
    machine: Machine, card: Path, site: Path
) -> None:
    program = (
        "import platform, importlib.util as u, socket\n"
        "print(platform.machine(), [n for n in ('sklearn', 'onnx', 'convert') if u.find_spec(n)])\n"
        "try: socket.create_connection(('192.0.2.1', 80), 2)\n"
        "except OSError as e: print('cut')\n"
    )
    assert succeed(machine.run("-c", program, cwd=card, site=site)).split() == [
        "aarch64", "[]", "cut",
    ]  # fmt: skip


def test_the_golden_vectors_pass(machine: Machine, card: Path, site: Path) -> None:
    words = ("bundle/run", "selftest", "--trust", "fleet.pub", "--json")
    told = json.loads(succeed(machine.run(*words, cwd=card, site=site)))
    assert told["passed"] is True
    assert told["engine"].startswith("onnxruntime")


def test_no_label_of_1797_digits_differs(
    machine: Machine, card: Path, site: Path, digits: tuple[NDArray[np.float64], NDArray[np.int64]]
) -> None:
    words = ("bundle/run", "predict", "rows.npy", "--trust", "fleet.pub")
    labels = np.array(succeed(machine.run(*words, cwd=card, site=site)).split(), dtype=np.int64)
    assert int((labels != digits[1]).sum()) == 0
    write_page(card / "bundle", site, machine, len(labels))


def test_it_installs_into_a_root_and_serves_from_there(
    machine: Machine, card: Path, site: Path
) -> None:
    words = ("bundle/run", "install", "bundle", "gadget", "--trust", "fleet.pub", "--later")
    succeed(machine.run(*words, cwd=card, site=site))
    program = (
        "import sys; sys.path.insert(0, 'gadget'); import edge_infer, numpy\n"
        "model = edge_infer.load('gadget')\n"
        "print(model.slot.version, *model.predict(numpy.load('rows.npy')[:10]))\n"
    )
    version, *labels = succeed(machine.run("-c", program, cwd=card, site=site)).split()
    assert version.startswith("1-")
    assert labels == [str(n) for n in range(10)]
    shown = json.loads(succeed(machine.run("gadget/run", "status", "--json", cwd=card, site=site)))
    assert (shown["current"], shown["trial"]) == (version, None)


def test_a_bundle_for_a_pc_is_refused(machine: Machine, card: Path, site: Path) -> None:
    from firmware_bundle.targets import check_machine

    check_machine(TARGET.name, machine="aarch64", bits=64)
    program = (
        "import sys; sys.path.insert(0, 'bundle'); import edge_infer\n"
        "from firmware_bundle.targets import check_machine\n"
        "check_machine('raspberry-pi-64'); check_machine('linux-x86-64')\n"
    )
    done = machine.run("-c", program, cwd=card, site=site)
    assert "another kind of machine" in done.stderr


def test_the_slim_wheels_take_at_most_60_percent(card: Path, tmp_path: Path) -> None:
    slim, whole = unpacked(card / "bundle" / "wheels"), untouched(tmp_path)
    assert slim <= 0.6 * whole


def unpacked(folder: Path) -> int:
    total = 0
    for path in folder.glob("*.whl"):
        with zipfile.ZipFile(path) as archive:
            total += sum(entry.file_size for entry in archive.infolist())
    return total


def untouched(folder: Path) -> int:
    from firmware_bundle import wheels

    total = 0
    for content in wheels._fetch(TARGET, sys.version_info[:2]).values():
        total += wheels.unpacked_bytes(content)
    return total


def write_page(bundle: Path, site: Path, machine: Machine, labels: int) -> None:
    """Put the figures of this run into the documentation."""
    files = [p for p in bundle.rglob("*") if p.is_file()]
    wheels = [p for p in files if "wheels" in p.parts]
    rest = [p for p in files if p not in wheels]
    rows = [
        ("bundle without wheels", len(rest), sum(p.stat().st_size for p in rest)),
        ("wheels in it, packed", len(wheels), sum(p.stat().st_size for p in wheels)),
        ("wheels installed", *count(site)),
        ("Debian's Python with its libraries", *count(machine.root)),
    ]
    lines = [f"| {name} | {number:,} | {size:,} |" for name, number, size in rows]
    text = "\n".join(
        [
            f"{labels:,} digits predicted, 0 labels differ, golden vectors passed, network cut.",
            "",
            "| part | files | bytes |",
            "| --- | ---: | ---: |",
            *lines,
        ]
    )
    page = PAGE.read_text("utf-8")
    mark = re.compile(r"(<!-- arm64 -->\n).*?(\n<!-- end -->)", re.DOTALL)
    assert mark.search(page), "the page has a place for the figures"
    PAGE.write_text(mark.sub(lambda found: found[1] + text + found[2], page), "utf-8")


def count(folder: Path) -> tuple[int, int]:
    files = [p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()]
    return len(files), sum(p.stat().st_size for p in files)
