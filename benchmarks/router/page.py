"""Put the measured figures into examples/router/README.md: `python -m benchmarks.router.page`.

Each part of the page stands between two comments and is made of one file of docs/router/, which
the benchmark of its name wrote.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs" / "router"
PAGE = ROOT / "examples" / "router" / "README.md"
NAMES = {
    "native,compiled": "native engine, compiled flow table",
    "onnxruntime,compiled": "onnxruntime, compiled flow table",
    "native,python": "native engine, table in Python",
    "onnxruntime,python": "onnxruntime, table in Python",
    "nfstream": "nfstream, its statistical features and no verdict",
}


def speed(figures: dict[str, Any]) -> str:
    """Packets a second beside nfstream."""
    peer = figures["packets_per_second"]["nfstream"]
    lines = [
        f"{figures['packets']:,} packets of recordings in {figures['flows']:,} flows, "
        "read, judged and written as JSON,",
        f"processor time of one core, medians of {figures['rounds']} alternating rounds in one run",
        f"({_load(figures)}):",
        "",
        "| | packets a second | of nfstream |",
        "| --- | ---: | ---: |",
    ]
    for kind, name in NAMES.items():
        rate = figures["packets_per_second"][kind]
        lines.append(f"| {name} | {round(rate, -2):,} | {rate / peer:.1f} |")
    return "\n".join(lines)


def _load(figures: dict[str, Any]) -> str:
    return f"load {figures['load']:.1f} on {figures['processors']} processors"


def live(figures: dict[str, Any]) -> str:
    """Drops and latencies on a live interface."""
    first = figures["runs"][0]
    lines = [
        f"{first['asked_rate']:,} packets a second for {first['asked_seconds']} seconds, "
        f"{first['flows'] / first['asked_seconds']:,.0f} new flows a second;",
        f"milliseconds, median and 99th percentile ({_load(figures)}):",
        "",
        "| `watch` | dropped | from the kernel's stamp on the packet | from its turn "
        "| flows that time ended |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {_how(one)} | {one['dropped']:,} of {one['sent']:,} | {_both(one['wire_ms'])} "
        f"| {_both(one['latency_ms'])} | {_both(one['ended_ms'])} |"
        for one in figures["runs"]
    ]
    return "\n".join(lines)


def _how(run: dict[str, Any]) -> str:
    way = f"one by one, {run['engine']}" if run["no_batch"] else "in batches"
    return f"{way}, {run['priority']} priority"


def _both(found: dict[str, float]) -> str:
    return f"{_short(found['median'])}, {_short(found['p99'])}"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}" if number >= 1 else f"{number:.2f}"


def memory(figures: dict[str, Any]) -> str:
    """The peaks under floods, and what was evicted."""
    floods = figures["floods"]
    peak = {
        table: max(one["peak_mb"] for one in floods if one["table"] == table)
        for table in ("python", "compiled")
    }
    spoofed = next(one for one in floods if one["name"] == "spoofed SYN flood")
    return (
        f"At most {peak['python']:.0f} MB with the table in Python and "
        f"{peak['compiled']:.0f} MB with the compiled one, flat once the\ntable is full: "
        f"{spoofed['evicted']:,} of "
        f"{spoofed['flows']:,} spoofed flows were evicted, and counted."
    )


PARTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "speed": speed, "live": live, "memory": memory,
}  # fmt: skip


def part(name: str) -> str:
    """What the page has to say between its comments of that name."""
    figures = json.loads((FIGURES / f"{name}.json").read_text("utf-8"))
    return f"<!-- {name} -->\n{PARTS[name](figures)}\n<!-- end {name} -->"


def shown(name: str, page: str) -> str:
    """What the page says there, with the comments."""
    found = re.search(f"<!-- {name} -->.*?<!-- end {name} -->", page, re.DOTALL)
    return "" if found is None else found[0]


def main() -> None:
    """Write each part anew."""
    page = PAGE.read_text("utf-8")
    for name in PARTS:
        page = page.replace(shown(name, page), part(name))
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
