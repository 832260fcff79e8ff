"""`make runtimes`: today's artifacts and the converters' tests on each onnxruntime, as a page."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.runtimes.artifacts import MODELS
from benchmarks.runtimes.releases import ROOT, installed, offered
from edge_infer.engines.onnxruntime import REFUSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGE = ROOT / "docs" / "runtimes.md"
ARTIFACT_TESTS = ("tests/convert/test_runtimes.py",)
CONVERTER_TESTS = ("tests/convert/estimators", "tests/convert/test_compaction.py")
_UNREFUSED = ("-p", "benchmarks.runtimes.unrefused")
_EVERY_KIND = ("-m", "not deep")
"""What `make test` has of them: each converter and each setting, not every case of it."""

_OPTIONS = ("-o", "filterwarnings=ignore", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Result:
    """How the tests went on one release."""

    version: str
    artifacts: str
    converters: str
    is_whole: bool
    passed: bool


def tested(release: str, folder: Path, *, whole: bool, converters: bool) -> Result:
    """Run both sets of tests on a release, or that of the artifacts alone."""
    artifacts, first = _pytest(release, folder, ARTIFACT_TESTS)
    if not converters:
        return Result(release, artifacts, "not run", True, first)
    chosen = () if whole else _EVERY_KIND
    converters_said, second = _pytest(release, folder, (*_UNREFUSED, *chosen, *CONVERTER_TESTS))
    return Result(release, artifacts, converters_said, whole, first and second)


def _pytest(release: str, folder: Path, chosen: Sequence[str]) -> tuple[str, bool]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(installed(release)), str(ROOT)]),
        "EDGE_INFER_ARTIFACTS": str(folder),
        "EDGE_INFER_ONNXRUNTIME": release,
        "ORT_DISABLE_TELEMETRY": "1",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *_OPTIONS, *chosen],
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
    """Releases may be named; all that pip offers otherwise."""
    import argparse

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("releases", nargs="*")
    parser.add_argument("--all", action="store_true", help="every converter test on every release")
    parser.add_argument("--artifacts", action="store_true", help="the artifacts alone")
    parser.add_argument("--keep", type=Path, help="a file of results: goes on where it ends")
    given = parser.parse_args(arguments)
    found = offered()
    kept = _kept(given.keep)
    chosen = [one for one in given.releases or found if one not in kept]
    if chosen:
        ends = (found[0], found[-1])
        for one in measured(chosen, whole=chosen if given.all else ends, artifacts=given.artifacts):
            kept[one.version] = one
            if given.keep:
                with given.keep.open("a") as file:
                    file.write(json.dumps(asdict(one)) + "\n")
    if not given.artifacts and all(release in kept for release in found):
        results = [kept[release] for release in found]
        PAGE.write_text(page(results, version("onnxruntime")), encoding="utf-8")
    return 0 if all(one.passed for one in kept.values()) else 1


def measured(releases: Sequence[str], *, whole: Sequence[str], artifacts: bool) -> Iterator[Result]:
    """Each release in turn, those of `whole` with every test, or with the artifacts alone."""
    with tempfile.TemporaryDirectory() as made:
        subprocess.run(
            [sys.executable, "-m", "benchmarks.runtimes.artifacts", made], check=True, cwd=ROOT
        )
        for release in releases:
            start = time.monotonic()
            one = tested(release, Path(made), whole=release in whole, converters=not artifacts)
            spent = time.monotonic() - start
            print(f"{release:8} artifacts: {one.artifacts:22} converters: {one.converters}")
            print(f"         {'passed' if one.passed else 'FAILED'} in {spent:.0f} s", flush=True)
            yield one


def _kept(path: Path | None) -> dict[str, Result]:
    lines = path.read_text().splitlines() if path is not None and path.exists() else ()
    return {one.version: one for one in (Result(**json.loads(line)) for line in lines)}


def page(results: Sequence[Result], pinned: str) -> str:
    """`docs/runtimes.md`."""
    rows = "\n".join(
        f"| {one.version}{' (refused)' if _minor(one.version) in REFUSED else ''} "
        f"| {one.artifacts} | {one.converters}{', all of them' if one.is_whole else ''} "
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
converters run, of each class and setting that has one (`tests/convert/estimators` and
`test_compaction.py`, as `make test` has them); on the oldest and the newest release further cases
of the same kinds too (`make test-runtimes`, which continuous integration runs, has the artifacts
alone).

| onnxruntime | tests of artifacts | tests of converters | |
| --- | --- | --- | --- |
{rows}

{refused} flip labels of the tree operators that plain skl2onnx writes, so a device refuses them.
The table has them with that list switched off, inside the tests alone: our graphs have another
operator and are exact there. The plain file of a forest is the negative control: it mislabels rows
on these two and on no other.

The oldest and the newest supported scikit-learn are one, {scikit_learn}: `requirements/convert.txt`
pins it, and a pickle of another release is refused
([why](adr/0020-one-release-of-scikit-learn.md)).
"""

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
