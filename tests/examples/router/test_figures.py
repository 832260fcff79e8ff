"""No page says other figures than those that a benchmark measured and kept."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.router.page import FIGURES, PARTS, part, shown

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_the_page_is_what_its_figures_say(name: str) -> None:
    said = shown(name, PARTS[name][0].read_text("utf-8"))
    assert said == part(name), "run: python -m benchmarks.router.page"


@pytest.mark.deep
def test_the_picture_of_the_terminal_shows_what_is_drawn_now() -> None:
    """But for the figures of a run: packets a second, and the time to a verdict."""

    def words(drawn: str) -> list[str]:
        found = re.findall("<text[^>]*>([^<]*)</text>", drawn)
        return [one for one in found if not re.fullmatch(r"(&#160;)*[0-9.,]+((&#160;)ms)?", one)]

    kept = (FIGURES / "watch.svg").read_text("utf-8")
    assert words(pictures().terminal()) == words(kept), "run: make pictures"


def pictures() -> ModuleType:
    path = ROOT / "docs" / "pictures" / "router.py"
    spec = importlib.util.spec_from_file_location("router_pictures", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(path.parent))
        spec.loader.exec_module(module)
    return module


def test_the_model_card_s_tables_are_what_the_score_sheet_says() -> None:
    drawn = pictures()
    figures = json.loads((FIGURES / "scores.json").read_text("utf-8"))
    assert drawn.tables(figures) in drawn.CARD.read_text("utf-8"), "run: make pictures"


def test_what_the_page_promises_of_speed_memory_and_drops_was_measured() -> None:
    """The goals: 2.5 times nfstream, 64 MB, nothing dropped, 20 and 2 milliseconds."""
    speed, live, memory = (
        json.loads((FIGURES / f"{name}.json").read_text("utf-8"))
        for name in ("speed", "live", "memory")
    )
    rates = speed["packets_per_second"]
    assert rates["native,compiled"] >= max(2.5 * rates["nfstream"], 100_000)
    assert all(one["peak_mb"] <= memory["limit_mb"] for one in memory["floods"])
    assert all(one["evicted"] > 0 for one in memory["floods"] if one["flows"] > 20_000)
    for run in live["runs"]:
        assert run["sent"] == run["packets"] + run["dropped"] + run["waiting"]
        assert sorted(run["wire_p99s_ms"])[live["rounds"] // 2] == run["wire_ms"]["p99"]
        assert len(run["wire_p99s_ms"]) == live["rounds"] >= 3
    first = [one for one in live["runs"] if one["priority"] == "real-time"]
    assert all(one["dropped"] == 0 for one in first)
    assert all(one["wire_ms"]["p99"] <= (2 if one["no_batch"] else 20) for one in first)
