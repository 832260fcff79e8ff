"""Draw docs/latency.svg from the figures that `make bench ARGS="--json …"` kept."""

from __future__ import annotations

import json
from math import log10
from pathlib import Path
from typing import Any

from svg import document, rectangle, text

DOCS = Path(__file__).parents[1]
WIDTH, LEFT, BAR, STEP = 860, 370, 18, 30
SERIES = (("ours_us", "edge-infer", "ours"), ("sklearn_us", "scikit-learn", "theirs"))


def draw(figures: dict[str, Any]) -> str:
    """Two bars an estimator, on a logarithmic scale from 1 µs to 10 ms."""
    body = [text(16, 26, "One row, predict: microseconds, logarithmic", anchor="start")]
    y = 46.0
    for measured in figures["latency"]:
        for i, (key, who, kind) in enumerate(SERIES):
            value = float(measured[key])
            length = _length(value)
            name = str(measured["name"]) if i == 0 else ""
            body += [
                text(16, y + 14, name, anchor="start"),
                text(LEFT - 8, y + 14, who, anchor="end", kind="small"),
                rectangle(LEFT, y, length, BAR, kind),
                text(LEFT + length + 6, y + 14, f"{value:,.0f} µs", anchor="start", kind="small"),
            ]
            y += STEP - 6
        y += 12
    processor, _, versions = str(figures["machine"]).partition("; ")
    body.append(text(16, y + 10, processor, anchor="start", kind="small"))
    body.append(text(16, y + 28, versions, anchor="start", kind="small"))
    return document(WIDTH, int(y + 44), "Latency of one row beside scikit-learn", body)


def _length(us: float) -> float:
    return (WIDTH - LEFT - 90) * max(log10(us), 0.05) / 4


if __name__ == "__main__":
    kept = json.loads((DOCS / "figures.json").read_text("utf-8"))
    (DOCS / "latency.svg").write_text(draw(kept), "utf-8")
