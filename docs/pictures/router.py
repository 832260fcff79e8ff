"""Draw docs/router/*.svg from the figures that the router's benchmarks and score sheet kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from svg import document, text

DOCS = Path(__file__).parents[1] / "router"
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 340, 64, 44, 170, 48
COLOURS = ("#0969da", "#bf8700", "#1a7f37", "#8250df", "#cf222e")

Curve = tuple[str, list[tuple[float, float]]]


def chart(title: str, across: str, curves: list[Curve], *, x_most: float, y_most: float) -> str:
    """Lines from the origin to `(x_most, y_most)`, each named at the right."""
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + width * x / x_most, TOP + height * (1 - y / y_most)

    body = [text(16, 26, title, anchor="start")]
    for step in range(5):
        part = step / 4
        x, y = place(part * x_most, part * y_most)
        body += [
            f'<path class="arrow" style="opacity:.35" d="M{LEFT} {y:.1f}H{LEFT + width}"/>',
            text(LEFT - 8, y + 4, f"{part * y_most:g}", anchor="end", kind="small"),
            text(x, TOP + height + 18, f"{part * x_most:,g}", kind="small"),
        ]
    body.append(text(LEFT + width / 2, HEIGHT - 10, across, kind="small"))
    for number, (name, points) in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        path = "L".join("{:.1f} {:.1f}".format(*place(x, y)) for x, y in points)
        y = TOP + 14 + number * 20
        body += [
            f'<path fill="none" stroke="{colour}" stroke-width="2" d="M{path}"/>',
            f'<path stroke="{colour}" stroke-width="3" d="M{WIDTH - RIGHT + 10} {y - 4}h14"/>',
            text(WIDTH - RIGHT + 30, y, name, anchor="start", kind="small"),
        ]
    return document(WIDTH, HEIGHT, title, body)


def memory(figures: dict[str, Any]) -> str:
    """Resident memory along a million packets of each flood."""
    curves: list[Curve] = [
        (one["name"], [(n * figures["every"], mb) for n, mb in enumerate(one["memory_mb"])])
        for one in figures["floods"]
    ]
    most = max(one["packets"] for one in figures["floods"])
    limit = float(figures["limit_mb"])
    curves.append((f"limit, {limit:g} MB", [(0.0, limit), (most, limit)]))
    title = "Resident memory under floods, MB: bare Python, native engine"
    return chart(title, "packets", curves, x_most=most, y_most=80.0)


def precision_recall(figures: dict[str, Any]) -> str:
    """Of captures held out, for each family."""
    curves: list[Curve] = [
        (name, [(point[0], point[1]) for point in one["curve"]])
        for name, one in figures["families"].items()
    ]
    title = "Precision over recall, whole captures held out"
    return chart(title, "recall", curves, x_most=1.0, y_most=1.0)


def calibration(figures: dict[str, Any]) -> str:
    """Share of malicious flows by score, captures weighing alike."""
    curves: list[Curve] = [("exact", [(0.0, 0.0), (1.0, 1.0)])]
    for name, one in figures["families"].items():
        curves.append((name, [(point[0], point[1]) for point in one["calibration"]]))
    return chart("Malicious share by score", "score", curves, x_most=1.0, y_most=1.0)


def main() -> None:
    """Draw what there are figures for."""
    found = DOCS / "memory.json"
    if found.is_file():
        (DOCS / "memory.svg").write_text(memory(json.loads(found.read_text("utf-8"))), "utf-8")
    found = DOCS / "scores.json"
    if found.is_file():
        figures = json.loads(found.read_text("utf-8"))
        (DOCS / "precision_recall.svg").write_text(precision_recall(figures), "utf-8")
        (DOCS / "calibration.svg").write_text(calibration(figures), "utf-8")


if __name__ == "__main__":
    main()
