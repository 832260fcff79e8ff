"""`make runtimes`: today's artifacts and the estimator tests on each onnxruntime, as a page."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.runtimes.artifacts import MODELS
from benchmarks.runtimes.releases import ROOT, installed, offered
from edge_infer.engines.onnxruntime import REFUSED

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = ROOT / "docs" / "runtimes.md"
ARTIFACT_TESTS = ("tests/convert/test_runtimes.py",)
ALL_TESTS = ("tests/convert/estimators",)
SOME_TESTS = (
    "tests/convert/estimators/test_double_constants.py",
    "tests/convert/estimators/test_linear_families.py",
    "tests/convert/estimators/test_tree_families.py",
    "tests/convert/estimators/test_gradient_boosting_family.py",
    "tests/convert/estimators/test_neighbor_family.py",
    "tests/convert/estimators/test_kernel_family.py",
)
"""Trees, products, neighbours, kernels and constants: where releases have differed."""

_OPTIONS = ("-o", "filterwarnings=ignore", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Result:
    """How the tests went on one release."""

    version: str
    artifacts: str
    estimators: str
    is_whole: bool
    passed: bool


def tested(release: str, folder: Path, *, whole: bool, converters: bool) -> Result:
    """Run both sets of tests on a release, or that of the artifacts alone."""
    artifacts, first = _pytest(release, folder, ARTIFACT_TESTS)
    if not converters:
        return Result(release, artifacts, "not run", True, first)
    estimators, second = _pytest(release, folder, ALL_TESTS if whole else SOME_TESTS)
    return Result(release, artifacts, estimators, whole, first and second)


def _pytest(release: str, folder: Path, paths: Sequence[str]) -> tuple[str, bool]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(installed(release)), str(ROOT)]),
        "EDGE_INFER_ARTIFACTS": str(folder),
        "EDGE_INFER_ONNXRUNTIME": release,
        "ORT_DISABLE_TELEMETRY": "1",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *_OPTIONS, *paths],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-4000:] + done.stderr[-2000:])
    counts = re.findall(r"\d+ (?:passed|failed|errors?)", done.stdout.strip().split("\n")[-1])
    return ", ".join(counts) or "did not run", done.returncode == 0


def main(arguments: Sequence[str]) -> int:
    """Releases may be named; all that pip offers otherwise. `--all` runs every test on each."""
    import argparse

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("releases", nargs="*")
    parser.add_argument("--all", action="store_true", help="every estimator test on every release")
    parser.add_argument("--artifacts", action="store_true", help="the artifacts alone")
    given = parser.parse_args(arguments)
    found = offered()
    chosen = given.releases or found
    pinned = version("onnxruntime")
    with tempfile.TemporaryDirectory() as made:
        subprocess.run(
            [sys.executable, "-m", "benchmarks.runtimes.artifacts", made], check=True, cwd=ROOT
        )
        results = []
        for release in chosen:
            start = time.monotonic()
            whole = given.all or release in (found[0], found[-1])
            one = tested(release, Path(made), whole=whole, converters=not given.artifacts)
            results.append(one)
            spent = time.monotonic() - start
            print(f"{release:8} artifacts: {one.artifacts:22} estimators: {one.estimators}")
            print(f"         {'passed' if one.passed else 'FAILED'} in {spent:.0f} s", flush=True)
    if not given.releases:
        PAGE.write_text(page(results, pinned), encoding="utf-8")
    return 0 if all(one.passed for one in results) else 1


def page(results: Sequence[Result], pinned: str) -> str:
    """`docs/runtimes.md`."""
    rows = "\n".join(
        f"| {one.version}{' (refused)' if _minor(one.version) in REFUSED else ''} "
        f"| {one.artifacts} | {one.estimators}{'' if one.is_whole else ', some of them'} "
        f"| {'exact' if one.passed else 'FAILED'} |"
        for one in results
    )
    return _PAGE.format(
        rows=rows,
        pinned=pinned,
        count=len(MODELS),
        scikit_learn=version("scikit-learn"),
        python=platform.python_version(),
        refused=" and ".join(REFUSED),
    )


def _minor(release: str) -> str:
    return ".".join(release.split(".")[:2])


_PAGE = """# On which onnxruntime

Written by `make runtimes`; do not edit. Graphs that were made and proven with onnxruntime {pinned},
scikit-learn {scikit_learn} and Python {python}, on the newest release of every minor that pip
offers this Python. {count} artifacts are loaded, self-tested and asked for samples and rows between
them, a test each; three tests more hold that the release is the one that was asked for, that the
list of refused releases is in force, and the negative control below. Then the tests of the exact
converters run, all of them on the oldest and the newest release (`make test-runtimes`, which
continuous integration runs, leaves these out).

| onnxruntime | tests of artifacts | tests of converters | |
| --- | --- | --- | --- |
{rows}

{refused} flip labels of the tree operators that plain skl2onnx writes, so a device refuses them.
The table has them with that list switched off, inside the test alone: our graphs have another
operator and are exact there. The plain file of a forest is the negative control: it mislabels rows
on these two and on no other.

The oldest and the newest supported scikit-learn are one, {scikit_learn}: `requirements/convert.txt`
pins it, and a pickle of another release is refused
([why](adr/0020-one-release-of-scikit-learn.md)).
"""

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
