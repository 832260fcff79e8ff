"""What installing and serving cost: time beside a plain copy, writes, bytes of an update."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from small_bundles import Fleet

CHANGES = re.compile(
    r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|\b(creat|mkdir|mkdirat|unlink|unlinkat|rename|"
    r"renameat|renameat2|symlink|link|linkat|truncate|ftruncate|chmod|fchmod|mknod|utimensat|"
    r"fsync|fdatasync|syncfs)\("
)
SLACK = 3
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


def test_installing_a_megabyte_takes_not_much_more_than_a_copy(
    fleet: Fleet, tmp_path: Path
) -> None:
    """Beside `cp -r` and `sync` of the same files, as medians of rounds in turn.

    Both leave what was there before; removing an old version is another matter. The figure is
    printed; the bound has the slack of a machine that does other things meanwhile.
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
    assert ratio <= 3 * SLACK


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
