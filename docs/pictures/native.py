"""Draw docs/native.svg from the figures that `benchmarks/native/native.py --json` kept."""

from __future__ import annotations

import json
from math import log10
from pathlib import Path
from typing import Any

from svg import document, rectangle, text

DOCS = Path(__file__).parents[1]
WIDTH, LEFT, BAR, STEP = 860, 380, 16, 22
SERIES = (
    ("native_list_us", "compiled, a list", "ours"),
    ("native_array_us", "compiled, an array", "ours"),
    ("ort_bound_us", "onnxruntime, bound buffers", "theirs"),
    ("ort_run_us", "onnxruntime, run", "theirs"),
    ("sklearn_us", "scikit-learn", "theirs"),
)


def draw(figures: dict[str, Any]) -> str:
    """A bar for each way to predict one row, on a logarithmic scale from 0.1 µs to 10 ms."""
    body = [text(16, 26, "One row, predict: microseconds, logarithmic", anchor="start")]
    y = 44.0
    for measured in figures["models"]:
        body.append(text(16, y + 13, str(measured["name"]), anchor="start"))
        for key, who, kind in SERIES:
            value = float(measured[key])
            length = (WIDTH - LEFT - 90) * (log10(value) + 1) / 5
            label = f"{value:,.1f} µs" if value < 100 else f"{value:,.0f} µs"
            body += [
                text(LEFT - 8, y + 13, who, anchor="end", kind="small"),
                rectangle(LEFT, y, length, BAR, kind),
                text(LEFT + length + 6, y + 13, label, anchor="start", kind="small"),
            ]
            y += STEP
        y += 12
    body.append(text(16, y + 10, str(figures["machine"]), anchor="start", kind="small"))
    return document(WIDTH, int(y + 26), "Compiled models beside onnxruntime, one row", body)


if __name__ == "__main__":
    kept = json.loads((DOCS / "native.json").read_text("utf-8"))
    (DOCS / "native.svg").write_text(draw(kept), "utf-8")
