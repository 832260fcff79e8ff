"""Draw docs/faces.svg from the figures that `benchmarks.camera.faces --out` kept, and faces.png."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
from svg import document, text

DOCS = Path(__file__).parents[1]
sys.path.insert(0, str(DOCS.parent))

from examples.camera.faces.detector import open_detector  # noqa: E402
from examples.camera.faces.portrait import scene  # noqa: E402

if TYPE_CHECKING:
    import numpy as np

SIDE, GAP, TOP = 250, 70, 60
SERIES = (
    ("ours", "ours", "#0969da", ""),
    ("yunet", "YuNet", "#8250df", "6 4"),
    ("haar", "Haar", "#afb8c1", ""),
)
YELLOW = (0, 215, 255)


def draw(figures: dict[str, Any]) -> str:
    """Precision over recall for each set, a line a detector."""
    names = list(figures["ours"]["sets"])
    body = []
    for number, name in enumerate(names):
        left = 60 + number * (SIDE + GAP)
        body += [
            text(left + SIDE / 2, TOP - 16, name),
            f'<path class="arrow" d="M{left} {TOP}V{TOP + SIDE}H{left + SIDE}"/>',
            text(left + SIDE / 2, TOP + SIDE + 34, "recall", kind="small"),
        ]
        for value in (0.0, 0.5, 1.0):
            x, y = _place(left, value, value)
            body.append(text(x, TOP + SIDE + 16, f"{value:g}", kind="small"))
            body.append(text(left - 6, y + 4, f"{value:g}", anchor="end", kind="small"))
        for line, (key, who, colour, dashes) in enumerate(SERIES):
            if key in figures:
                scored = figures[key]["sets"][name]
                body.append(_line(left, scored["curve"], colour, dashes))
                body.append(_legend(left, line, f"{who}, AP {scored['ap']:.3f}", colour, dashes))
    width = 60 + len(names) * (SIDE + GAP)
    return document(width, TOP + SIDE + 50, "Face detectors: precision over recall", body)


def _place(left: float, recall: float, precision: float) -> tuple[float, float]:
    return left + recall * SIDE, TOP + (1 - precision) * SIDE


def _line(left: float, curve: list[list[float]], colour: str, dashes: str) -> str:
    points = [_place(left, recall, precision) for recall, precision in curve]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else "M0 0"
    return (
        f'<path fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}" '
        f'd="{path}"/>'
    )


def _legend(left: float, line: int, words: str, colour: str, dashes: str) -> str:
    y = TOP + SIDE - 58 + 20 * line
    return (
        f'<path stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}" '
        f'd="M{left + 12} {y}h24"/>' + text(left + 42, y + 4, words, anchor="start", kind="small")
    )


def annotated() -> np.ndarray:
    """Drawn faces and what the shipped detector says of them."""
    picture = scene(300, 640, (40, 60, 70), (180, 130, 120), (360, 40, 90), (500, 140, 110))
    shown = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    for face in open_detector("shipped").detect(picture):
        x0, y0, x1, y1 = (round(edge) for edge in face.box)
        cv2.rectangle(shown, (x0, y0), (x1, y1), YELLOW, 2)
        cv2.putText(shown, f"{face.score:.0f}", (x0, y0 - 6), 0, 0.5, YELLOW, 1, cv2.LINE_AA)
    return shown


if __name__ == "__main__":
    kept = json.loads((DOCS / "faces.json").read_text("utf-8"))
    (DOCS / "faces.svg").write_text(draw(kept), "utf-8")
    cv2.imwrite(str(DOCS / "faces.png"), annotated())
