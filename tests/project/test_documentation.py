"""Every command and every example in the documentation works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import markdown_runner
import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
WITH_CODE = [ROOT / "README.md", ROOT / "docs/converting.md", ROOT / "docs/deploying.md",
             ROOT / "docs/embedding.md", ROOT / "docs/errors.md", ROOT / "docs/native.md",
             ROOT / "docs/security.md", ROOT / "docs/text.md"]  # fmt: skip


ELSEWHERE = [ROOT / "docs/phone.md", ROOT / "docs/faces.md"]
"""Run by tests/browser, where npm's packages are, and by tests/examples/camera."""


LONG = {"converting.md", "deploying.md", "embedding.md", "native.md", "text.md"}


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=pytest.mark.deep if path.name in LONG else ()) for path in WITH_CODE],
    ids=lambda path: path.name,
)
def test_every_block_runs_as_written(path: Path, tmp_path: Path) -> None:
    assert markdown_runner.run(path, tmp_path) > 0


def test_the_program_for_the_device_imports_what_lies_in_the_bundle(tmp_path: Path) -> None:
    """The tests' own Python has `edge_infer` installed, which would hide that it is missing."""
    readme = ROOT / "README.md"
    markdown_runner.run(readme, tmp_path)
    programs = [block.text for block in markdown_runner.blocks(readme.read_text("utf-8"))
                if block.language == "python" and "edge_infer.load" in block.text]  # fmt: skip
    assert len(programs) == 1
    where = "import edge_infer.model\nprint(edge_infer.__file__, edge_infer.model.__file__)\n"
    for place in (tmp_path, tmp_path / "bundle"):
        assert not list(place.glob("edge_infer.*"))
    done = subprocess.run(
        [sys.executable, "-c", programs[0] + where],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert all(str(tmp_path / "bundle") in name for name in done.stdout.split())


def test_no_other_document_has_code_that_nobody_runs() -> None:
    unrun = {
        path.name
        for path in DOCUMENTS
        if path not in (*WITH_CODE, *ELSEWHERE)
        for block in markdown_runner.blocks(path.read_text("utf-8"))
        if block.language in ("sh", "python")
    }
    assert not unrun


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_repository_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text("utf-8"))
    links += re.findall(r'(?:src|srcset)="([^"]+)"', path.read_text("utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (path.parent / link).exists()] == []


def test_runner_fails_on_a_failing_command(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("```sh\ntrue\nfalse\n```\n")
    with pytest.raises(AssertionError, match=r"a\.md:1 ended with 1"):
        markdown_runner.run(document, tmp_path)


def test_runner_fails_on_a_wrong_doctest(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("```python\n>>> 1 + 1\n3\n```\n")
    with pytest.raises(AssertionError, match="Expected"):
        markdown_runner.run(document, tmp_path)


def test_runner_fails_on_another_output_than_promised(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("```sh\necho 7\n```\n\n```text\n8\n```\n")
    with pytest.raises(AssertionError, match="promises"):
        markdown_runner.run(document, tmp_path)


def test_runner_leaves_other_languages_alone(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("```toml\nfalse\n```\n")
    assert markdown_runner.run(document, tmp_path) == 0
