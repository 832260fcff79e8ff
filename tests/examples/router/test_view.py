"""What `watch` shows a person: the numbers of the watch, and nothing that commands a terminal."""

from __future__ import annotations

import io
from random import Random
from typing import TYPE_CHECKING, Any

from rich.console import Console

from examples.router.bundles import open_judge
from examples.router.live import Watch
from examples.router.live import view as view_module
from examples.router.live.view import View
from examples.router.packets import Frame
from examples.router.synthetic.attacks import tcp_scan
from examples.router.synthetic.benign import browse
from examples.router.synthetic.scene import Scene
from examples.router.synthetic.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


class Recorded:
    def __init__(self) -> None:
        wire = Wire(Random(2))
        for after, play in enumerate((browse, tcp_scan)):
            play(Scene(wire, wire.random), 1_700_000_000.0 + 40 * after)
        wire.frames.sort(key=lambda one: one[0])
        self.sent = [Frame(int(at * 1e9), 1, data, len(data)) for at, data in wire.frames]

    def frames(self, idle_seconds: float = 1.0) -> Iterator[Frame | None]:
        for number, frame in enumerate(self.sent):
            yield frame
            if number % 64 == 0:
                yield None

    def waits(self) -> bool:
        return False


class Clock:
    """Two seconds pass between the two times that a picture is drawn."""

    now = 0.0

    def monotonic(self) -> float:
        self.now += 1.0
        return self.now


def drawn(picture: Any) -> str:
    console = Console(record=True, width=110, file=io.StringIO())
    console.print(picture)
    return console.export_text()


def test_the_picture_has_rates_flows_drops_and_who_is_worst(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(view_module, "time", Clock())
    source, watch = Recorded(), Watch(open_judge(engine="native"), clock=lambda: 0)
    view = View(watch, "wan0", "dry run")
    for _ in watch.run(source):
        pass
    said = drawn(view.draw(17))
    assert "wan0 · dry run" in said
    assert f"{len(source.sent):,}" in said  # a second's packets
    assert f"{watch.malicious:,}" in said
    assert "17, 0, 0" in said
    ((scanner, number),) = watch.sources.most_common(1)
    worst = next(line for line in said.splitlines() if scanner in line)
    assert str(number) in worst
    last = said.split("last malicious")[1]
    assert "tcp" in last
    # Of a scan's hundreds of flows few have reasons of their own, and those are what is to be seen.
    assert watch.malicious > 50
    assert "left out" not in last


def test_a_name_that_would_command_the_terminal_is_shown_as_it_is() -> None:
    watch = Watch(open_judge(engine="native"), clock=lambda: 0)
    watch.sources["[bold]x[/bold]"] += 1
    assert "[bold]x[/bold]" in drawn(View(watch, "[red]wan0", "watching").draw(0))
