"""`docs/security.md`: each promise and each case names a test that is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")
CASES = re.findall(r"^\| (\d+) \| (.+?) \| ([RPE]) \| (.+) \|$", TEXT, re.M)


@cache
def names_in(name: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / name).read_text("utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def test_all_sixty_three_cases_have_a_line_in_order() -> None:
    assert [int(number) for number, *_ in CASES] == list(range(1, 64))


def test_every_case_names_tests_that_are_there() -> None:
    missing = []
    for number, _, _, held_by in CASES:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", held_by)
        assert named, number
        assert held_by.count("`") == 2 * len(named), number
        missing += [(number, *one) for one in named if one[1] not in names_in(one[0])]
    assert missing == []


def test_every_promise_names_a_file_of_tests_that_is_there() -> None:
    section = TEXT.split("## The promises and their tests")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    assert len(rows) >= 10
    for row in rows:
        files = re.findall(r"`([\w/]+\.py)`", row)
        assert files, row
        assert all(names_in(name) for name in files), row
