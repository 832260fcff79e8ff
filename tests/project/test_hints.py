"""What a message tells people to type works before the package is published."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_message_installs_the_package_by_its_name() -> None:
    sources = [
        path
        for room in ("edge_infer", "convert", "firmware_bundle", "examples", "docs")
        for path in (ROOT / room).rglob("*")
        if path.suffix in (".py", ".md", ".txt")
    ]
    assert len(sources) > 100
    told = [
        str(path.relative_to(ROOT))
        for path in [*sources, ROOT / "README.md"]
        if "edge-infer[" in path.read_text("utf-8")
        or "install edge-infer" in path.read_text("utf-8")
    ]
    assert told == []
