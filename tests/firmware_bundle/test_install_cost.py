"""What installing and serving cost: time beside a plain copy, writes, bytes of an update."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

import convert
import firmware_bundle
from firmware_bundle.archive import pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from small_bundles import Fleet

PAGE = Path(__file__).parents[2] / "docs" / "fleet.md"
CHANGES = re.compile(
    r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|\b(creat|mkdir|mkdirat|unlink|unlinkat|rename|"
    r"renameat|renameat2|symlink|link|linkat|truncate|ftruncate|chmod|fchmod|mknod|utimensat|"
    r"fsync|fdatasync|syncfs)\("
)
STEADY = """
import sys
import edge_infer
model = edge_infer.load(sys.argv[1])
for _ in range(1000):
    model.predict_one([0.5, 0.25])
    model = model.refresh()
"""


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def test_installing_a_megabyte_takes_at_most_three_times_a_copy(
    fleet: Fleet, tmp_path: Path
) -> None:
    """Beside `cp -r` and `sync` of the same files, as medians of rounds in turn.

    Both leave what was there before; removing an old version is another matter.
    """
    chance = np.random.default_rng(0)
    fill = {f"data/{n}.bin": chance.bytes(100_000) for n in range(10)}
    bundles = [fleet.bundle(number, extra=fill) for number in range(1, 8)]
    fleet.install(tmp_path / "gadget", bundle=bundles[0], trial=None)
    copies, installs = [], []
    for number, bundle in enumerate(bundles[1:]):
        copy = tmp_path / f"copy-{number}"
        command = f"cp -r '{bundle}' '{copy}' && sync -f '{tmp_path}'"
        copies.append(seconds(lambda c=command: subprocess.run(c, shell=True, check=True)))
        installs.append(
            seconds(
                lambda b=bundle: fleet.install(
                    tmp_path / "gadget", bundle=b, trial=None, budget_bytes=10**9
                )
            )
        )
    ratio = statistics.median(installs) / statistics.median(copies)
    print(
        f"\ninstall {statistics.median(installs) * 1e3:.0f} ms, "
        f"cp -r and sync {statistics.median(copies) * 1e3:.0f} ms: {ratio:.2f} times"
    )
    assert ratio <= 3


def test_serving_from_a_root_writes_nothing(fleet: Fleet, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    for number in (1, 2):
        fleet.install(tmp_path / "gadget", number)
    log = tmp_path / "log"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=file,desc,sync,syncfs", "-o", str(log),
         sys.executable, "-B", "-c", STEADY, str(tmp_path / "gadget")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0 and "ptrace" in done.stderr:
        pytest.skip("strace is not permitted here")
    assert done.returncode == 0, done.stderr
    lines = log.read_text("utf-8", "replace").splitlines()
    assert len(lines) > 1000, "the trace sees what is read"
    writes = [line for line in lines if CHANGES.search(line) and "/dev/null" not in line]
    assert writes == []


@pytest.fixture(scope="module")
def releases(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two real releases of the digits: trained anew on other rows."""
    folder = tmp_path_factory.mktemp("digits")
    X, y = load_digits(return_X_y=True)
    made = []
    for number in (1, 2):
        rows = slice(0, None) if number == 1 else slice(100, None)
        estimator = SGDClassifier(loss="log_loss", random_state=number).fit(X[rows], y[rows])
        artifact = folder / f"artifact-{number}"
        convert.export(estimator, X, name="digits", sequence=number).write(
            artifact, key=fleet.key()
        )
        made.append(
            firmware_bundle.bundle(
                artifact, folder / f"bundle-{number}", key=fleet.key(), trust=fleet.trust()
            )
        )
    return made


def files_of(bundle: Path) -> dict[str, bytes]:
    return {
        p.relative_to(bundle).as_posix(): p.read_bytes() for p in bundle.rglob("*") if p.is_file()
    }


def test_the_page_about_fleets_says_what_an_update_really_takes(releases: list[Path]) -> None:
    old, new = map(files_of, releases)
    whole = len(pack(new, executable=frozenset()))
    changed = sum(len(data) for name, data in new.items() if old.get(name) != data)
    print(f"\nwhole .tar {whole:,} bytes, changed files {changed:,} bytes")
    page = PAGE.read_text("utf-8")
    for label, measured in (("whole `.tar`", whole), ("files that changed", changed)):
        row = re.search(rf"^\| {re.escape(label)} \| ([\d,]+) \|(.*)\|$", page, re.MULTILINE)
        assert row is not None, label
        claimed = int(row[1].replace(",", ""))
        assert claimed == pytest.approx(measured, rel=0.15), f"{label}: {measured:,}"
        thousand, million = (cell.strip() for cell in row[2].split("|"))
        assert float(thousand.removesuffix(" MB")) == pytest.approx(claimed * 1e3 / 1e6, rel=0.01)
        assert float(million.removesuffix(" GB")) == pytest.approx(claimed * 1e6 / 1e9, rel=0.01)
