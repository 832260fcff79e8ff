"""Draw docs/router/*.svg from the figures that the router's benchmarks and score sheet kept."""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svg import document, text

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "router"
CARD = ROOT / "examples" / "router" / "models" / "MODEL_CARD.md"
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 340, 64, 44, 170, 48
COLOURS = ("#0969da", "#bf8700", "#1a7f37", "#8250df", "#cf222e")
PAIRS = ("#0969da", "#54aeff", "#bf8700", "#d4a72c", "#1a7f37", "#4ac26b", "#cf222e")
"""For what is shown in Python and compiled, and a limit."""


Curve = tuple[str, list[tuple[float, float]]]


def chart(
    title: str,
    across: str,
    curves: list[Curve],
    *,
    x_most: float,
    y_most: float,
    colours: tuple[str, ...] = COLOURS,
) -> str:
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
            text(
                x,
                TOP + height + 18,
                f"{part * x_most:,.0f}" if x_most > 9 else f"{part * x_most:g}",
                kind="small",
            ),
        ]
    body.append(text(LEFT + width / 2, HEIGHT - 10, across, kind="small"))
    for number, (name, points) in enumerate(curves):
        colour = colours[number % len(colours)]
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
        (_flood(one), [(n * figures["every"], mb) for n, mb in enumerate(one["memory_mb"])])
        for one in figures["floods"]
    ]
    most = figures["every"] * max(len(one["memory_mb"]) - 1 for one in figures["floods"])
    limit = float(figures["limit_mb"])
    curves.append((f"limit, {limit:g} MB", [(0.0, limit), (most, limit)]))
    title = "Resident memory under floods, MB: bare Python, flow table in Python and in C"
    return chart(title, "packets", curves, x_most=most, y_most=80.0, colours=PAIRS)


def _flood(figures: dict[str, Any]) -> str:
    return str(figures["name"]) + (", C" if figures["table"] == "compiled" else "")


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


def tables(figures: dict[str, Any]) -> str:
    """The score sheet as the model card has it."""
    lines = [
        f"Benign captures: {figures['benign_hours']:.2f} hours.",
        "",
        "| captures held out | F1 | precision | recall | benign flagged | false alarms an hour "
        "| F1 in hindsight | F1 at 0.5 | flagged at 0.5 | F1 of a random split |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    rows = {**figures["families"], "forest on header fields": figures["header_fields"]}
    for name, one in rows.items():
        held, random = one["held_out"], one.get("random_split")
        alarms = f"{held['false_an_hour']:.1f}" if random else ""
        flattered = f"{random['f1']:.3f}" if random else ""
        lines.append(
            f"| {name} | {held['f1']:.3f} | {held['precision']:.3f} | {held['recall']:.3f} "
            f"| {held['false_share']:.2%} | {alarms} | {one['hindsight']['f1']:.3f} "
            f"| {one['at_half']['f1']:.3f} | {one['at_half']['false_share']:.1%} "
            f"| {flattered} |"
        )
    lines += ["", "The lab's captures, judged by models that have learned from none of them:", ""]
    lines += [
        "| elsewhere | operating point | F1 | precision | recall | benign flagged |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, one in figures["families"].items():
        away = one["elsewhere"]
        lines.append(
            f"| {name} | {one['operating_point']:.3f} | {away['f1']:.3f} | {away['precision']:.3f} "
            f"| {away['recall']:.3f} | {away['false_share']:.2%} |"
        )
    lines += [
        "",
        "Made captures of seeds by which nothing was chosen, at the same operating points:",
        "",
        "| unseen made | F1 | precision | recall | benign flagged |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, one in figures["families"].items():
        unseen = one["unseen_made"]
        lines.append(
            f"| {name} | {unseen['f1']:.3f} | {unseen['precision']:.3f} | {unseen['recall']:.3f} "
            f"| {unseen['false_share']:.2%} |"
        )
    lines += ["", "The blend, each capture judged by a model that has not seen it:", ""]
    lines += ["| capture | label | flows | flagged |", "| --- | --- | ---: | ---: |"]
    for one in figures["families"]["blend"]["captures"]:
        lines.append(
            f"| {one['capture']} | {one['label']} | {one['flows']:,} | {one['flagged']:.0%} |"
        )
    return "\n".join(lines)


def tried(figures: dict[str, Any]) -> str:
    """Ways of learning, and rules of catching sources, as the model card has them."""
    return "\n\n".join((
        _compared(figures["ways"], ("way",), ("learned",)),
        _compared(
            figures["caught"], ("strikes", "among", "window_seconds"),
            ("flows that catch a source", "among its latest", "within, s"),
        ),
    ))  # fmt: skip


def _compared(lines: list[dict[str, Any]], keys: tuple[str, ...], heads: tuple[str, ...]) -> str:
    """One line for each, with the deals of the folds beside one another."""
    seeds = list(dict.fromkeys(one["seed"] for one in lines))
    columns = [
        *heads, "operating point", *(f"F1, deal {number}" for number in range(1, len(seeds) + 1)),
        "benign flagged, at most", "F1 on the lab", "benign flagged there",
        "of unseen made ones",
    ]  # fmt: skip
    table = [f"| {' | '.join(columns)} |", f"| --- |{' ---: |' * (len(columns) - 1)}"]
    for which in dict.fromkeys(tuple(one[key] for key in keys) for one in lines):
        rows = [one for one in lines if tuple(one[key] for key in keys) == which]
        first = rows[0]
        cells = [
            *(str(part) for part in which),
            f"{first['operating_point']:.3f}",
            *(f"{one['held_out']['f1']:.3f}" for one in rows),
            f"{max(one['held_out']['false_share'] for one in rows):.2%}",
            f"{first['elsewhere']['f1']:.3f}",
            f"{first['elsewhere']['false_share']:.2%}",
            f"{first['unseen_made']['false_share']:.2%}",
        ]
        table.append(f"| {' | '.join(cells)} |")
    return "\n".join(table)


def into_card(name: str, said: str) -> None:
    """Put a table where the model card keeps it."""
    text_of = CARD.read_text("utf-8")
    head, _, rest = text_of.partition(f"<!-- {name} -->\n")
    _, end, tail = rest.partition(f"<!-- end {name} -->")
    assert end, f"{CARD}: no place for {name}"
    CARD.write_text(f"{head}<!-- {name} -->\n{said}\n{end}{tail}", encoding="utf-8")


def terminal() -> str:
    """What `watch` draws, on made traffic judged by the shipped model."""
    sys.path.insert(0, str(ROOT))
    from random import Random

    from rich.console import Console

    from examples.router.bundles import open_judge
    from examples.router.live.view import View
    from examples.router.live.watching import Watch
    from examples.router.packets import Frame
    from examples.router.synthetic.attacks import dns_tunnel, guessing, tcp_scan
    from examples.router.synthetic.benign import browse, busy, stream
    from examples.router.synthetic.scene import Scene
    from examples.router.synthetic.wire import Wire

    wire = Wire(Random(2))  # noqa: S311 - a picture, no secret
    for after, play in enumerate((browse, busy, stream, tcp_scan, guessing, dns_tunnel)):
        play(Scene(wire, wire.random), 1_700_000_000.0 + 40 * after)
    wire.frames.sort(key=lambda one: one[0])
    frames = [Frame(int(at * 1e9), 1, data, len(data)) for at, data in wire.frames]

    class Recorded:
        def frames(self, _: float = 1.0) -> Iterator[Frame | None]:
            for number, frame in enumerate(frames):
                yield frame
                if number % 64 == 0:
                    yield None

        def waits(self) -> bool:
            return False

    watch = Watch(open_judge(engine="native"), clock=lambda: 0)
    view = View(watch, "wan0", "dry run")
    for _ in watch.run(Recorded()):
        pass
    console = Console(record=True, width=110, file=io.StringIO())
    time.sleep(1.0)  # the rate is of a second at least
    console.print(view.draw(0))
    return console.export_svg(title="python -m examples.router watch wan0 --enforce nftables")


def main() -> None:
    """Draw what there are figures for."""
    (DOCS / "watch.svg").write_text(terminal(), "utf-8")
    found = DOCS / "memory.json"
    if found.is_file():
        (DOCS / "memory.svg").write_text(memory(json.loads(found.read_text("utf-8"))), "utf-8")
    found = DOCS / "scores.json"
    if found.is_file():
        figures = json.loads(found.read_text("utf-8"))
        (DOCS / "precision_recall.svg").write_text(precision_recall(figures), "utf-8")
        (DOCS / "calibration.svg").write_text(calibration(figures), "utf-8")
        into_card("figures", tables(figures))
    found = DOCS / "tries.json"
    if found.is_file():
        into_card("tries", tried(json.loads(found.read_text("utf-8"))))


if __name__ == "__main__":
    main()
