"""Whatever the camera refuses, it says what to do about it."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]
REFUSALS = {"BadInput", "Unavailable", "Incompatible"}


def refusals() -> list[tuple[str, set[str | None]]]:
    """Where an error is raised, and the keywords it is raised with."""
    found = []
    for path in sorted((ROOT / "examples" / "camera").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            call = node.exc if isinstance(node, ast.Raise) else None
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in REFUSALS:
                place = f"{path.relative_to(ROOT)}:{call.lineno}"
                found.append((place, {word.arg for word in call.keywords}))
    return found


def test_every_refusal_says_what_to_do() -> None:
    found = refusals()
    assert len(found) > 40
    assert [place for place, words in found if "hint" not in words] == []
