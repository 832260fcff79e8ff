"""Decisions are numbered once: a link by number would otherwise lead to the wrong one."""

from __future__ import annotations

from pathlib import Path

DECISIONS = sorted((Path(__file__).parents[2] / "docs" / "adr").glob("[0-9]*.md"))


def test_each_decision_has_the_next_number_and_says_it() -> None:
    numbers = [int(path.name[:4]) for path in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))
    for number, path in zip(numbers, DECISIONS, strict=True):
        assert path.read_text(encoding="utf-8").startswith(f"# {number}. "), path.name
