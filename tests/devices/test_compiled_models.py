"""The digits on machines for which there is no onnxruntime: compiled, on a bare Python, offline.

Each bundle is copied to the emulated machine as to an SD card. Beside them the static program
for devices without Python, and the library under musl instead of glibc.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from digits import Digits, count, succeed, write_page
from emulation import KINDS, Machine, NotHere, cut_network, emulator, machine

from edge_infer.selftest import read_golden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = pytest.mark.skipif(
    os.environ.get("EDGE_INFER_DEVICES") != "1", reason="make test-devices runs the emulated ones"
)

COMPILED = {
    "arm64": ("raspberry-pi-64", "aarch64"),
    "armhf": ("raspberry-pi-32", "armv7hf"),
    "mipsel": ("openwrt-mips", "mipsel"),
    "riscv64": ("riscv64", "riscv64"),
}
"""Debian's name to the bundle's target and the compiled model's."""

PROGRAMS = {"mipsel-sf": "qemu-mipsel-static", "mips-sf": "qemu-mips-static"}
"""Routers without a Python and without a floating-point unit, in both byte orders; a library of
theirs fits no Debian. To the program that emulates each."""


@dataclass(frozen=True)
class Place:
    """An emulated machine with the bundle on its card."""

    machine: Machine
    card: Path
    native: str

    def run(self, *words: object) -> str:
        return succeed(self.machine.run(*words, cwd=self.card))


@pytest.fixture(scope="module")
def seen() -> Iterator[list[str]]:
    """Rows of the page's table, written when all machines were asked."""
    rows: list[str] = []
    yield rows
    if len(rows) == len(COMPILED) + len(PROGRAMS) + 1:
        head = "| machine | system | runs | files | bytes | labels that differ | golden vectors |"
        write_page("compiled", [head, "| --- | --- | --- | ---: | ---: | ---: | --- |", *rows])


@pytest.fixture(scope="module", params=COMPILED)
def place(
    request: pytest.FixtureRequest, digits: Digits, tmp_path_factory: pytest.TempPathFactory
) -> Place:
    try:
        found = machine(KINDS[request.param])
    except NotHere as error:
        pytest.skip(f"emulated {request.param}: {error}")
    target, native = COMPILED[request.param]
    card = digits.card(target, tmp_path_factory.mktemp(native), native=native)
    return Place(found, card, native)


def test_it_is_that_machine_with_a_bare_python_and_without_a_network(place: Place) -> None:
    program = (
        "import platform, importlib.util as u, socket\n"
        "names = 'numpy', 'onnxruntime', 'sklearn', 'onnx', 'cryptography', 'convert'\n"
        "print(platform.machine(), [n for n in names if u.find_spec(n)])\n"
        "try: socket.create_connection(('192.0.2.1', 80), 2)\n"
        "except OSError as e: print('cut')\n"
    )
    assert place.run("-c", program).split() == [place.machine.kind.machine, "[]", "cut"]


def test_no_label_of_1797_digits_differs_and_the_golden_vectors_pass(
    place: Place, digits: Digits, seen: list[str]
) -> None:
    words = ("bundle/run", "selftest", "--trust", "fleet.pub", "--json")
    told = json.loads(place.run(*words))
    assert (told["passed"], told["engine"].partition(" ")[0]) == (True, "native")
    words = ("bundle/run", "predict", "rows.csv", "--trust", "fleet.pub")
    labels = np.array(place.run(*words).split(), dtype=np.int64)
    assert len(labels) == len(digits.rows) == 1797
    differ = int((labels != digits.labels).sum())
    files, size = count(place.card / "bundle")
    seen.append(
        f"| {place.machine.kind.machine} ({place.native}) | Debian {place.machine.release}, "
        f"Python {'.'.join(map(str, place.machine.version))} without numpy | bundle "
        f"| {files} | {size:,} | {differ} of {len(labels):,} | {told['golden_vectors']} passed |"
    )
    assert differ == 0


def test_it_installs_into_a_root_and_serves_from_there(place: Place) -> None:
    place.run("bundle/run", "install", "bundle", "gadget", "--trust", "fleet.pub", "--later")
    program = (
        "import sys; sys.path.append('gadget'); import edge_infer\n"
        "model = edge_infer.load('gadget')\n"
        "rows = [list(map(float, line.split(','))) for line in open('rows.csv')][:10]\n"
        "print(model.slot.version, model.engine.split()[0], *map(model.predict_one, rows))\n"
    )
    version, engine, *labels = place.run("-c", program).split()
    assert (version[:2], engine) == ("1-", "native")
    assert labels == [str(n) for n in range(10)]
    shown = json.loads(place.run("gadget/run", "status", "--json"))
    assert (shown["current"], shown["trial"]) == (version, None)


def test_a_flipped_byte_of_the_compiled_model_is_refused(place: Place) -> None:
    spoilt = place.card / "spoilt"
    shutil.copytree(place.card / "bundle", spoilt)
    path = spoilt / "artifact" / "native" / f"{place.native}.so"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    words = ("spoilt/run", "predict", "rows.csv", "--trust", "fleet.pub")
    done = place.machine.run(*words, cwd=place.card)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"native/{place.native}.so" in done.stderr


@pytest.fixture(scope="module")
def programs(digits: Digits) -> Path:
    """The static programs and this machine's library: compiled once more, for devices alone."""
    names = ",".join(f"{name}:exe" for name in PROGRAMS)
    out = digits.folder / "programs"
    digits.artifact.write(out, key=digits.folder / "fleet.key", native=f"host,{names}")
    return out / "native"


def golden_rows(digits: Digits) -> tuple[NDArray[np.float64], dict[str, NDArray[Any]]]:
    inputs, wanted = read_golden(digits.artifact.contract, digits.artifact.golden)
    (X,) = inputs.values()
    return X, wanted


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_static_program_answers_the_same_without_python(
    digits: Digits, programs: Path, seen: list[str], name: str
) -> None:
    try:
        command = [*cut_network(), emulator(PROGRAMS[name]), str(programs / name), "--raw"]
    except NotHere as error:
        pytest.skip(f"emulated {name}: {error}")

    def ask(verb: str, X: NDArray[np.float64]) -> NDArray[np.float64]:
        done = subprocess.run(
            [*command, verb], input=X.astype("<f8").tobytes(), capture_output=True,
            env={}, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return np.loadtxt(done.stdout.decode("ascii").splitlines(), delimiter=",")

    labels = ask("predict", digits.rows)
    differ = int((labels != digits.labels).sum())
    golden, wanted = golden_rows(digits)
    contract = digits.artifact.contract
    for output in contract.outputs:
        got, want = ask(output.verb, golden), wanted[output.name]
        bound = contract.certificate.relative_tolerance * np.maximum(np.abs(want), output.scale)
        assert (np.abs(got - want) <= (0 if output.kind == "label" else bound)).all()
    seen.append(
        f"| {name} | musl, no Python | static program | 1 "
        f"| {(programs / name).stat().st_size:,} | {differ} of {len(labels):,} "
        f"| {len(golden)} passed |"
    )
    assert (differ, len(labels)) == (0, len(digits.rows))


MUSL = r"""
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    void *model = argc == 2 ? dlopen(argv[1], RTLD_NOW) : 0;
    if (!model) { fprintf(stderr, "%s\n", dlerror()); return 1; }
    size_t f = ((size_t (*)(void))dlsym(model, "edge_model_features"))();
    size_t bytes = ((size_t (*)(void))dlsym(model, "edge_model_row_bytes"))();
    int (*predict)(const double *, size_t, int64_t *, size_t, void *, size_t) =
        (int (*)(const double *, size_t, int64_t *, size_t, void *, size_t))
        dlsym(model, "edge_model_predict");
    double *row = malloc(f * sizeof *row), *workspace = malloc(bytes);
    int64_t label;
    while (fread(row, sizeof *row, f, stdin) == f) {
        if (predict(row, f, &label, 1, workspace, bytes)) return 2;
        printf("%lld\n", (long long)label);
    }
    return 0;
}
"""
"""A program of another libc that loads the library as any plugin."""


def test_the_library_loads_under_musl(
    digits: Digits, programs: Path, tmp_path: Path, seen: list[str]
) -> None:
    compiler = shutil.which("musl-gcc")
    if compiler is None:
        pytest.skip("musl-gcc is not installed (Debian: musl-tools)")
    (tmp_path / "main.c").write_text(MUSL)
    subprocess.run([compiler, "-O1", "-o", tmp_path / "main", tmp_path / "main.c"], check=True)
    assert b"ld-musl" in (tmp_path / "main").read_bytes()
    (library,) = programs.glob("*.so")

    def ask(X: NDArray[np.float64]) -> NDArray[np.int64]:
        done = subprocess.run(
            [*cut_network(), tmp_path / "main", library],
            input=X.astype("<f8").tobytes(), capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return np.array(done.stdout.split(), dtype=np.int64)

    labels = ask(digits.rows)
    differ = int((labels != digits.labels).sum())
    golden, wanted = golden_rows(digits)
    assert (ask(golden) == next(wanted[o.name] for o in digits.artifact.contract.outputs
                                if o.verb == "predict")).all()  # fmt: skip
    seen.append(
        f"| {platform.machine()} | musl, not emulated | library | 1 "
        f"| {library.stat().st_size:,} | {differ} of {len(labels):,} | {len(golden)} passed |"
    )
    assert (differ, len(labels)) == (0, len(digits.rows))
