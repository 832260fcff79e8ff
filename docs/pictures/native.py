"""Draw docs/native.svg and native-batch.svg from the figures that `make bench-native` kept."""

from __future__ import annotations

import json
from math import log10
from pathlib import Path
from typing import Any

from svg import document, rectangle, text

DOCS = Path(__file__).parents[1]
WIDTH, LEFT, BAR, STEP = 860, 380, 16, 22
ONE = (
    ("native_list_us", "compiled, a list", "ours"),
    ("native_array_us", "compiled, an array", "ours"),
    ("ort_bound_us", "onnxruntime, bound buffers", "theirs"),
    ("ort_run_us", "onnxruntime, run", "theirs"),
    ("sklearn_us", "scikit-learn", "theirs"),
)
MANY = (
    ("native_batch_us", "compiled", "ours"),
    ("ort_batch_us", "onnxruntime, run", "theirs"),
    ("sklearn_batch_us", "scikit-learn", "theirs"),
)


def bars(measured: dict[str, Any], series: tuple[tuple[str, str, str], ...]) -> list[Any]:
    """(who, kind, microseconds) for each way; beside many rows the peers that compiled."""
    found = [(who, kind, float(measured[key])) for key, who, kind in series]
    if series is MANY:
        for name, peer in measured["peers"].items():
            if "batch_us" in peer:
                wrong = f", {peer['differ']} wrong" if peer["differ"] else ""
                found.append((f"{name}{wrong}", "theirs", float(peer["batch_us"])))
    return found


def draw(
    figures: dict[str, Any], series: tuple[tuple[str, str, str], ...], title: str, decades: range
) -> str:
    """A bar for each way, on a logarithmic scale over powers of ten of microseconds."""
    body = [text(16, 26, f"{title}: microseconds, logarithmic", anchor="start")]
    y = 44.0
    for measured in figures["models"]:
        body.append(text(16, y + 13, str(measured["name"]), anchor="start"))
        for who, kind, value in bars(measured, series):
            share = (log10(value) - decades.start) / (decades.stop - decades.start)
            length = (WIDTH - LEFT - 90) * share
            label = f"{value:,.1f} µs" if value < 100 else f"{value:,.0f} µs"
            body += [
                text(LEFT - 8, y + 13, who, anchor="end", kind="small"),
                rectangle(LEFT, y, length, BAR, kind),
                text(LEFT + length + 6, y + 13, label, anchor="start", kind="small"),
            ]
            y += STEP
        y += 12
    body.append(text(16, y + 10, str(figures["machine"]), anchor="start", kind="small"))
    return document(WIDTH, int(y + 26), f"Compiled models beside their peers: {title}", body)


if __name__ == "__main__":
    kept = json.loads((DOCS / "native.json").read_text("utf-8"))
    one = draw(kept, ONE, "One row, predict", range(-1, 4))
    (DOCS / "native.svg").write_text(one, "utf-8")
    many = draw(kept, MANY, "1,797 rows, predict", range(1, 6))
    (DOCS / "native-batch.svg").write_text(many, "utf-8")
