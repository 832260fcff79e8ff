"""Draw the pictures of README.md and put the measured figures into it: `make pictures`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

HERE = Path(__file__).parent
MEASURED = HERE.parents[1] / "benchmarks" / "camera"


def annotated() -> None:
    """Four frames of a recording of our own making with what was seen in them."""
    from examples.camera.annotate import draw
    from examples.camera.config import Config
    from examples.camera.sources.frames import Frame
    from examples.camera.watch import Watch

    watch, shown = Watch(Config(), None), []
    for number, picture in enumerate(_walk(150)):
        seen = watch.step(Frame(picture, number / 25, number))
        if number in (40, 85, 110, 142):
            shown.append(draw(seen))
    sheet = np.vstack([np.hstack(shown[:2]), np.hstack(shown[2:])])
    cv2.imwrite(str(HERE / "annotated.png"), sheet, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def _walk(frames: int) -> list[np.ndarray]:
    """A block walks through a room; the light goes down at frame 140."""
    random = np.random.default_rng(0)
    coarse = random.integers(60, 190, (8, 10, 3), np.uint8)
    room = cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)
    pictures = []
    for n in range(frames):
        frame = room + random.normal(0, 2, room.shape)
        if n >= 70:
            x = (n - 70) * 4
            frame[90:180, x : x + 40] = (40, 60, 200)
        if n >= 140:
            frame *= 0.6
        pictures.append(np.clip(frame, 0, 255).astype(np.uint8))
    return pictures


def memory(figures: dict[str, Any]) -> None:
    """Resident memory over ten minutes' worth of frames, both engines."""
    width, height, left, bottom = 760, 300, 60, 250
    body = [
        '<text x="12" y="24">Resident memory of the whole loop, MB</text>',
        *(
            f'<line class="grid" x1="{left}" x2="{width - 20}" y1="{bottom - mb}" '
            f'y2="{bottom - mb}"/><text class="small" x="{left - 34}" y="{bottom - mb + 4}">'
            f"{mb}</text>"
            for mb in (0, 50, 100, 150, 200)
        ),
    ]
    for name, kind in (("onnxruntime", "ours"), ("native", "theirs")):
        values = figures[name]["memory_mb"]
        step = (width - 20 - left) / max(1, len(values) - 1)
        points = " ".join(f"{left + i * step:.1f},{bottom - v:.1f}" for i, v in enumerate(values))
        body.append(f'<polyline class="{kind}" points="{points}"/>')
        body.append(
            f'<text class="small" x="{width - 150}" y="{bottom - values[-1] - 8}">{name}, '
            f"{max(values):.0f} at most</text>"
        )
    frames = figures["native"]["frames"]
    body.append(
        f'<text class="small" x="{left}" y="{bottom + 24}">{frames:,} frames of 640 by 480, '
        f"played unpaced</text>"
    )
    style = (
        "text{font:14px system-ui,sans-serif;fill:#6e7781}.small{font-size:12px}"
        ".grid{stroke:#8c959f;stroke-opacity:.3}polyline{fill:none;stroke-width:2}"
        ".ours{stroke:#0969da}.theirs{stroke:#bf8700}"
    )
    (HERE / "memory.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
        f"<title>Memory over time</title><style>{style}</style>" + "\n".join(body) + "</svg>\n",
        "utf-8",
    )


def table(motion: dict[str, Any], loop: dict[str, Any]) -> str:
    """The measured figures as Markdown."""
    rows = [
        "## Measured",
        "",
        f"`python -m benchmarks.camera.motion`, OpenCV {motion['opencv']}, one thread, one run, one"
        " set of parameters for all recordings. Milliseconds are CPU time of a 640 by 480 frame,"
        " the methods taking turns of twenty frames; cold, of one, when the caches are full of the"
        " others' memory. Read them as ratios: other programs shared the machine.",
        "",
        "| | highway F1 (P / R) | trees, F1 at 247 | tree frames over 1 % | after a gain of 1.3 |"
        " ms | cold |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in motion["methods"].items():
        rows.append(
            f"| {name} | {row['highway_f1']:.3f} ({row['highway_precision']:.3f} /"
            f" {row['highway_recall']:.3f}) | {row['trees_247_f1']:.3f} |"
            f" {row['tree_frames_over_1_percent']} of 192 |"
            f" {row['light_frames_over_1_percent']} of 142 | {row['ms']} | {row['ms_cold']} |"
        )
    events = motion["tree_events"]
    rows += [
        "",
        f"In 242 frames in which only a tree moves, enlarged to 320 by 240, we tell"
        f" {events['ours']['events']} events, Debian's `motion` with its defaults"
        f" {events['motion'].get('events', '(not installed)')}.",
    ]
    return "\n".join([*rows, *_loop(loop), "", "![Memory over time](memory.svg)"])


def _loop(loop: dict[str, Any]) -> list[str]:
    """The lines on the whole loop: each engine, and live."""
    rows = [
        "",
        "`python -m benchmarks.camera.loop`, the whole loop with faces on walkers at 640 by 480,"
        f" {loop['minutes']:g} minutes of 25 frames a second each, played unpaced:",
        "",
        "| engine | frames | frames a CPU second | ms a frame, median / 95 % | MB at most |"
        " more in the last nine minutes |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in ("onnxruntime", "native", "off"):
        if name in loop:
            row = loop[name]
            rows.append(
                f"| {'no faces' if name == 'off' else name} | {row['frames']:,} |"
                f" {row['frames_per_cpu_second']} | {row['ms_median']} / {row['ms_p95']} |"
                f" {row['memory_peak_mb']} | {row['memory_growth_mb']} |"
            )
    if "live" in loop:
        live = loop["live"]
        rows += [
            "",
            f"Live, at 25 frames a second: {live['p50_ms']} ms from a frame's arrival to its events"
            f" in the median, {live['p95_ms']} ms at 95 %; {live['dropped']} of"
            f" {live['frames'] + live['dropped']} frames dropped.",
        ]
    return rows


def main() -> int:
    """Draw, and write the table."""
    annotated()
    motion = json.loads((MEASURED / "motion.json").read_text("utf-8"))
    loop = json.loads((MEASURED / "loop.json").read_text("utf-8"))
    memory(loop)
    page = (HERE / "README.md").read_text("utf-8")
    mark = re.compile(r"(<!-- figures -->\n).*?(<!-- end -->)", re.DOTALL)
    text = table(motion, loop)
    (HERE / "README.md").write_text(
        mark.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page), "utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
