"""The package's docstring is a program that works; importing the package is cheap."""

from __future__ import annotations

import doctest
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from artifact_builder import weather, write_artifact, write_bundle

import edge_infer

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]


def test_the_tutorial_runs_as_written(
    tmp_path: Path, key: Path, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {"columns": ("celsius", "humidity")}
    artifact = write_artifact(tmp_path / "artifact", key, weather(), input_changes=columns)
    write_bundle(tmp_path / "bundle", key, artifact)
    (tmp_path / "fleet.pub").write_bytes(trust.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert edge_infer.__doc__ is not None
    test = doctest.DocTestParser().get_doctest(edge_infer.__doc__, {}, "tutorial", None, 0)
    failures: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=failures.append)
    assert not failures, "".join(failures)
    assert len(test.examples) >= 8


def test_public_names() -> None:
    assert edge_infer.__all__ == sorted(edge_infer.__all__)
    assert set(edge_infer.__all__) == {
        "load", "Model", "__version__",
        "EdgeInferError", "Untrusted", "Incompatible", "BadInput", "Unavailable",
    }  # fmt: skip
    assert all(hasattr(edge_infer, name) for name in edge_infer.__all__)


def test_the_version_is_the_distribution_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert edge_infer.__version__ == project["version"]


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout.strip()


def test_importing_takes_nothing_but_the_standard_library() -> None:
    code = "import sys; old = set(sys.modules); import edge_infer; "
    code += "print(*{name.partition('.')[0] for name in set(sys.modules) - old})"
    foreign = set(run(code).split()) - set(sys.stdlib_module_names) - {"edge_infer"}
    # `typing` of Python 3.11 makes these two when it is imported.
    assert foreign - {"typing.io", "typing.re"} == set()


def test_importing_is_cheap() -> None:
    code = "import time; start = time.perf_counter(); import edge_infer; "
    code += "print(time.perf_counter() - start)"
    seconds = statistics.median(float(run(code)) for _ in range(5))
    assert seconds <= 3 * 0.020
