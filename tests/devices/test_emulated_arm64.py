"""The digits on an emulated Raspberry Pi with onnxruntime: from the copied bundle, offline.

`make test-devices` runs it; it makes a small Debian for 64-bit ARM, which needs a mirror.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from digits import count, succeed, write_page
from emulation import KINDS, Machine, NotHere, install_wheels, machine

from firmware_bundle import wheels
from firmware_bundle.targets import TARGETS

if TYPE_CHECKING:
    from pathlib import Path

    from digits import Digits

pytestmark = pytest.mark.skipif(
    os.environ.get("EDGE_INFER_DEVICES") != "1", reason="make test-devices runs the emulated ones"
)

TARGET = TARGETS["raspberry-pi-64"]


@pytest.fixture(scope="module")
def pi() -> Machine:
    try:
        found = machine(KINDS["arm64"])
    except NotHere as error:
        pytest.skip(f"emulated arm64: {error}")
    if found.version != sys.version_info[:2]:
        pytest.skip(f"emulated arm64 has Python {found.version}, the bundle's is another")
    return found


@pytest.fixture(scope="module")
def card(digits: Digits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return digits.card(TARGET.name, tmp_path_factory.mktemp("card"), native=None, wheels=True)


@pytest.fixture(scope="module")
def site(pi: Machine, card: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the bundle's own wheels install, as its README says."""
    place = tmp_path_factory.mktemp("site")
    install_wheels(card / "bundle", place, TARGET.wheels, ".".join(map(str, pi.version)))
    return place


def test_it_is_an_arm_without_scikit_learn_and_without_a_network(
    pi: Machine, card: Path, site: Path
) -> None:
    program = (
        "import platform, importlib.util as u, socket\n"
        "print(platform.machine(), [n for n in ('sklearn', 'onnx', 'convert') if u.find_spec(n)])\n"
        "try: socket.create_connection(('192.0.2.1', 80), 2)\n"
        "except OSError as e: print('cut')\n"
    )
    assert succeed(pi.run("-c", program, cwd=card, site=site)).split() == [
        "aarch64", "[]", "cut",
    ]  # fmt: skip


def test_the_golden_vectors_pass(pi: Machine, card: Path, site: Path) -> None:
    words = ("bundle/run", "selftest", "--trust", "fleet.pub", "--json")
    told = json.loads(succeed(pi.run(*words, cwd=card, site=site)))
    assert told["passed"] is True
    assert told["engine"].startswith("onnxruntime")


def test_no_label_of_1797_digits_differs(
    pi: Machine, card: Path, site: Path, digits: Digits, untouched_bytes: int
) -> None:
    words = ("bundle/run", "predict", "rows.npy", "--trust", "fleet.pub")
    labels = np.array(succeed(pi.run(*words, cwd=card, site=site)).split(), dtype=np.int64)
    assert int((labels != digits.labels).sum()) == 0
    write_figures(card / "bundle", site, pi, len(labels), untouched_bytes)


def test_it_installs_into_a_root_and_serves_from_there(pi: Machine, card: Path, site: Path) -> None:
    words = ("bundle/run", "install", "bundle", "gadget", "--trust", "fleet.pub", "--later")
    succeed(pi.run(*words, cwd=card, site=site))
    program = (
        "import sys; sys.path.insert(0, 'gadget'); import edge_infer, numpy\n"
        "model = edge_infer.load('gadget')\n"
        "print(model.slot.version, *model.predict(numpy.load('rows.npy')[:10]))\n"
    )
    version, *labels = succeed(pi.run("-c", program, cwd=card, site=site)).split()
    assert version.startswith("1-")
    assert labels == [str(n) for n in range(10)]
    shown = json.loads(succeed(pi.run("gadget/run", "status", "--json", cwd=card, site=site)))
    assert (shown["current"], shown["trial"]) == (version, None)


def test_a_bundle_for_a_pc_is_refused(pi: Machine, card: Path, site: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, 'bundle'); import edge_infer\n"
        "from firmware_bundle.targets import check_machine\n"
        "check_machine('raspberry-pi-64'); check_machine('linux-x86-64')\n"
    )
    done = pi.run("-c", program, cwd=card, site=site)
    assert "another kind of machine" in done.stderr


@pytest.fixture(scope="module")
def untouched_bytes() -> int:
    """What the wheels would take as their makers publish them, unpacked."""
    fetched = wheels._fetch(TARGET, sys.version_info[:2])
    return sum(map(wheels.unpacked_bytes, fetched.values()))


def test_the_slim_wheels_take_at_most_60_percent_and_load(
    pi: Machine, card: Path, site: Path, untouched_bytes: int
) -> None:
    slim = 0
    for path in (card / "bundle" / "wheels").glob("*.whl"):
        with zipfile.ZipFile(path) as archive:
            slim += sum(entry.file_size for entry in archive.infolist())
    print(f"\nwheels unpacked: {slim:,} of {untouched_bytes:,} bytes, {slim / untouched_bytes:.1%}")
    assert slim <= 0.6 * untouched_bytes
    program = "import numpy, onnxruntime; print(numpy.__file__, onnxruntime.__file__)"
    found = succeed(pi.run("-c", program, cwd=card, site=site)).split()
    assert [name.startswith(str(site)) for name in found] == [True, True]


def write_figures(bundle: Path, site: Path, pi: Machine, labels: int, untouched: int) -> None:
    """Put the figures of this run into the documentation."""
    files = [p for p in bundle.rglob("*") if p.is_file()]
    packed = [p for p in files if "wheels" in p.parts]
    rest = [p for p in files if p not in packed]
    unpacked = count(site)
    rows = [
        ("bundle without wheels", len(rest), sum(p.stat().st_size for p in rest)),
        ("wheels in it, packed", len(packed), sum(p.stat().st_size for p in packed)),
        (f"wheels installed, {unpacked[1] / untouched:.1%} of the untouched ones", *unpacked),
        ("Debian's Python with its libraries", *count(pi.root)),
    ]
    write_page(
        "arm64",
        [
            f"{labels:,} digits predicted, 0 labels differ, golden vectors passed, network cut.",
            "",
            "| part | files | bytes |",
            "| --- | ---: | ---: |",
            *(f"| {name} | {number:,} | {size:,} |" for name, number, size in rows),
        ],
    )
