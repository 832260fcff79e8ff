"""Draw docs/flow.svg: the one direction in which a model travels."""

from __future__ import annotations

from pathlib import Path

from svg import arrow, document, rectangle, text

WIDTH, HEIGHT = 960, 330
BOX, GAP, TALL = 124, 28, 58

WORKSTATION = [
    ("model.pkl.gz", "and its signature", "signed"),
    ("verify bytes", "pinned trainer key", "box"),
    ("unpickle", "in a child process", "box"),
    ("export", "exact, in double", "box"),
    ("prove", "hostile probes", "box"),
    ("artifact", "graph + contract", "signed"),
]
DEVICE = [
    ("label 7", "what sklearn said", "box"),
    ("predict", "offline", "box"),
    ("self-test", "golden vectors", "box"),
    ("verify", "pinned fleet key", "box"),
    ("copy", "a directory", "box"),
    ("bundle", "with the runtime", "signed"),
]


def row(steps: list[tuple[str, str, str]], left: float, top: float) -> list[str]:
    """Boxes side by side."""
    body = []
    for i, (name, what, kind) in enumerate(steps):
        x = left + i * (BOX + GAP)
        body += [
            rectangle(x, top, BOX, TALL, kind),
            text(x + BOX / 2, top + 25, name),
            text(x + BOX / 2, top + 44, what, kind="small"),
        ]
    return body


def arrows(count: int, left: float, top: float, *, backwards: bool) -> list[str]:
    """An arrow in each gap of a row."""
    body = []
    for i in range(count):
        start = left + BOX + i * (BOX + GAP) + 3
        end, y = start + GAP - 6, top + TALL / 2
        body.append(
            arrow(f"M{end:g} {y:g}H{start:g}" if backwards else f"M{start:g} {y:g}H{end:g}")
        )
    return body


def draw() -> str:
    """The whole picture."""
    left, upper, lower = 38, 56, 218
    column = left + 5 * (BOX + GAP) + BOX / 2
    return document(
        WIDTH,
        HEIGHT,
        "A signed pickle is verified, unpickled in a child process, exported, proven, bundled, "
        "copied to the device, verified again, self-tested, and predicts offline.",
        [
            rectangle(16, 16, WIDTH - 32, 122, "room"),
            text(30, 38, "workstation: convert, firmware_bundle", anchor="start", kind="small"),
            *row(WORKSTATION, left, upper),
            *arrows(5, left, upper, backwards=False),
            rectangle(16, 178, left + 4 * (BOX + GAP) - GAP / 2 - 16, 122, "room"),
            text(30, 200, "device: edge_infer", anchor="start", kind="small"),
            *row(DEVICE, left, lower),
            *arrows(5, left, lower, backwards=True),
            arrow(f"M{column:g} {upper + TALL + 3:g}V{lower - 3:g}"),
            text(
                30,
                320,
                "blue: signed, every file by name and SHA-256",
                anchor="start",
                kind="small",
            ),
        ],
    )


if __name__ == "__main__":
    (Path(__file__).parents[1] / "flow.svg").write_text(draw(), "utf-8")
