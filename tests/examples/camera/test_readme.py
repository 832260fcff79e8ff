"""The camera's README: its commands do what it says, and its links lead somewhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
README = ROOT / "examples" / "camera" / "README.md"
sys.path.insert(0, str(ROOT / "tests" / "project"))

import markdown_runner  # noqa: E402


@pytest.mark.deep
def test_every_block_runs_as_written(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    assert markdown_runner.run(README, tmp_path) == 5
    assert (tmp_path / "hooked.jsonl").read_text().count('"start"') == 1
    assert len(list((tmp_path / "masks").glob("*.png"))) == 200


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#\s]+)", README.read_text("utf-8"))
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []
