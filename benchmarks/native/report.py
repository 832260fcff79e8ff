"""The figures as tables between the marks of docs/native.md, and as docs/native.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
START, END = "<!-- figures -->\n", "<!-- end -->"


def write(figures: dict[str, Any]) -> None:
    """Both files."""
    (DOCS / "native.json").write_text(json.dumps(figures, indent=1) + "\n")
    page = DOCS / "native.md"
    before, _, rest = page.read_text("utf-8").partition(START)
    _, _, after = rest.partition(END)
    page.write_text(before + START + tables(figures) + END + after, "utf-8")


def tables(figures: dict[str, Any]) -> str:
    """One row and many rows, sizes, the peers, the start."""
    models = figures["models"]
    parts = [
        _table(
            ["digits", "one row: list", "array", "onnxruntime `run`", "bound", "scikit-learn",
             "`run` / list"],
            [[m["name"], *(_us(m[key]) for key in _ONE),
              _times(m["ort_run_us"], m["native_list_us"])] for m in models],
        ),
        _table(
            ["digits", "1,797 rows", "onnxruntime", "scikit-learn", "onnxruntime / compiled",
             "labels that differ"],
            [[m["name"], *(_us(m[key]) for key in _MANY),
              _times(m["ort_batch_us"], m["native_batch_us"]), str(m["differ"] + m["differ_one"])]
             for m in models],
        ),
        _table(
            ["digits, 1,797 rows", *_PEERS],
            [[m["name"], *(_peer(m["peers"].get(name, {})) for name in _PEERS)] for m in models],
        ),
        _table(
            ["digits", "library, bytes", "ONNX, bytes", "of it"],
            [[m["name"], f"{m['so_bytes']:,}", f"{m['onnx_bytes']:,}",
              f"{m['so_bytes'] / m['onnx_bytes']:.0%}"] for m in models],
        ),
        "From the start of the process to the first prediction, verified and self-tested on the "
        "native\nengine, bare on onnxruntime:\n\n"
        + _table(
            ["", "processor time, ms", "peak memory, kB"],
            [[s["name"], f"{s['cpu_ms']:.0f}", f"{s['peak_kb']:,}"] for s in figures["start"]],
        ),
    ]  # fmt: skip
    return "\n".join(parts)


_ONE = ("native_list_us", "native_array_us", "ort_run_us", "ort_bound_us", "sklearn_us")
_MANY = ("native_batch_us", "ort_batch_us", "sklearn_batch_us")
_PEERS = ("emlearn", "m2cgen", "tl2cgen")


def _us(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:,.0f}"


def _times(theirs: float, ours: float) -> str:
    return f"{theirs / ours:.1f}x"


def _peer(found: dict[str, Any]) -> str:
    if "batch_us" not in found:
        return {"TimeoutExpired": "does not compile in 60 s"}.get(found.get("refused", ""), "none")
    return f"{_us(found['batch_us'])}, {found['differ']} differ"


def _table(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "".join("| " + " | ".join(row) + " |\n" for row in [head, rule, *rows])
