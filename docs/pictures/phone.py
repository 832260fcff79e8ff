"""The figures of the phone's page, from what `make phone-pictures` measured, into docs/phone.md."""

from __future__ import annotations

import json
import re
import statistics
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1]
BEGIN, END = "<!-- figures -->\n", "<!-- end -->\n"


def read(name: str) -> Any:
    """What a test left."""
    return json.loads((DOCS / "phone" / f"{name}.json").read_text("utf-8"))


def megabytes(size: int) -> str:
    """Bytes, for people."""
    return f"{size / 1e6:.2f} MB"


def section() -> str:
    """The table of sizes and times, then one of the models."""
    sizes, start, models = read("sizes"), read("start"), read("models")
    ratio = statistics.median(one["page_us"] / one["python_us"] for one in models)
    page = statistics.median(one["page_us"] for one in models)
    worst = max(one["difference"] for one in models)
    faces, frame = read("faces-sizes"), read("faces-frame")
    opened = f"{read('faces-start')['warm_ms']:,.0f} ms"
    rows = [
        ("`phone.html`, page and engine and model in one file", megabytes(sizes["single"])),
        ("`phone/` on disk", megabytes(sizes["folder"])),
        ("`phone/` over the wire, gzip", megabytes(sizes["gzip"])),
        ("`phone/` over the wire, text by brotli", megabytes(sizes["brotli"])),
        (
            "page opened to golden vectors passed, kept for offline use",
            f"{start['warm_ms']:,.0f} ms",
        ),
        ("the same at the first visit, from the same machine", f"{start['cold_ms']:,.0f} ms"),
        ("the same, one file", f"{start['single_ms']:,.0f} ms"),
        ("models of all families: labels that differ from scikit-learn's", "0"),
        ("their scores: largest difference, relative", f"{worst:.1g}"),
        ("one row, median over the models", f"{page:,.0f} µs"),
        ("the same beside a bare session of Python's onnxruntime", f"{ratio:.1f} times"),
        ("faces: `phone.html`", megabytes(faces["single"])),
        ("faces: `phone/` over the wire, gzip", megabytes(faces["gzip"])),
        ("faces: page opened to golden vectors passed", opened),
        ("faces: a frame of 640 x 480", f"{frame['page_ms']:,.0f} ms"),
        (
            "faces: that frame beside the camera's program in Python",
            f"{frame['page_ms'] / frame['python_ms']:.1f} times",
        ),
    ]
    lines = ["| what | figure |", "| --- | ---: |", *(f"| {a} | {b} |" for a, b in rows), ""]
    lines += ["| model | scores differ by | one row | in Python |", "| --- | ---: | ---: | ---: |"]
    for one in models:
        name = one["model"].replace("-none", "").replace("-text", ", text").replace("-", " → ")
        times = f"{one['page_us']:,.0f} µs | {one['python_us']:,.0f} µs"
        lines.append(f"| {name} | {one['difference']:.0e} | {times} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    guide = DOCS / "phone.md"
    text = guide.read_text("utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    filled = f"{BEGIN}{section()}{END}"
    guide.write_text(pattern.sub(lambda _: filled, text), encoding="utf-8")
