"""The tested quadruple of versions is declared in one place, and is what is installed here."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUADRUPLE = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime")
LOCK = ROOT / "firmware_bundle" / "wheels.lock"
"""Digests for a device; a test of its own holds its versions to those of PLACE."""
PLACE = ROOT / "requirements" / "convert.txt"


def pins() -> dict[str, str]:
    found = re.findall(r"^([\w-]+)==([\w.]+)$", PLACE.read_text("utf-8"), re.MULTILINE)
    return dict(found)


def test_the_quadruple_is_pinned() -> None:
    assert set(QUADRUPLE) <= pins().keys()


@pytest.mark.parametrize("name", QUADRUPLE)
def test_what_is_tested_is_what_is_installed(name: str) -> None:
    assert metadata.version(name) == pins()[name]


def test_no_other_file_names_these_versions() -> None:
    rooms = ("edge_infer", "convert", "firmware_bundle", "requirements", ".ci")
    files = [p for room in rooms for p in (ROOT / room).rglob("*") if p.is_file()]
    files += [ROOT / "pyproject.toml", ROOT / "Makefile"]
    versions = "|".join(re.escape(pins()[name]) for name in QUADRUPLE)
    pinned = re.compile(rf"[=~<>]=? *(?:{versions})|[\"'](?:{versions})[\"']")
    found = [
        str(path.relative_to(ROOT))
        for path in files
        if path not in (PLACE, LOCK)
        and path.suffix != ".pyc"
        and pinned.search(path.read_text("utf-8", errors="replace"))
    ]
    assert found == []


def test_packaging_reads_the_same_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["tool"]["setuptools"]["dynamic"]["optional-dependencies"]
    assert extras["convert"] == {"file": ["requirements/convert.txt"]}


def test_the_runtime_extra_refuses_the_releases_that_flip_labels() -> None:
    text = (ROOT / "requirements" / "runtime.txt").read_text("utf-8")
    assert "!=1.26.*" in text
    assert "!=1.27.*" in text


def test_nothing_but_numpy_is_required() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert [re.match(r"[\w-]+", need)[0] for need in project["project"]["dependencies"]] == [
        "numpy"
    ]
