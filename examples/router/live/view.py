"""What `watch` shows a person: rates, how full the tables are, who is worst, what came last."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from examples.router.live.watching import within_ms

if TYPE_CHECKING:
    from rich.console import RenderableType

    from examples.router.live.watching import Watch


class View:
    """Draws a `Watch`; call it a few times a second."""

    def __init__(self, watch: Watch, name: str, mode: str) -> None:
        self._watch, self._name, self._mode = watch, name, mode
        self._before = (time.monotonic(), 0)
        self._rate = 0.0

    def draw(self, drops: int) -> RenderableType:
        """The whole picture."""
        watch = self._watch
        return Group(
            Panel(self._numbers(drops), title=f"{escape(self._name)} · {self._mode}"),
            _sources(watch),
            _last(watch),
        )

    def _numbers(self, drops: int) -> Table:
        watch, counters = self._watch, self._watch.table.counters
        now, packets = time.monotonic(), counters.packets
        since, before = self._before
        if now - since >= 0.9:
            self._rate = (packets - before) / (now - since)
            self._before = now, packets
        grid = Table.grid(padding=(0, 3), expand=True)
        for _ in range(5):
            grid.add_column(justify="right")
        grid.add_row("packets/s", "flows", "malicious", "verdict, p99", "dropped, evicted, unread")
        grid.add_row(
            f"[bold]{self._rate:,.0f}[/]",
            f"{len(watch.table):,} now, {watch.flows:,} over",
            f"[bold red]{watch.malicious:,}[/]" if watch.malicious else "0",
            f"{within_ms(watch.latencies_ms, 0.99):.1f} ms",
            f"{drops:,}, {counters.evicted:,}, {counters.unread:,}",
        )
        return grid


def _sources(watch: Watch) -> Table:
    table = Table(title="worst sources", expand=True, title_justify="left")
    table.add_column("source")
    table.add_column("malicious flows", justify="right")
    for source, number in watch.sources.most_common(5):
        table.add_row(escape(source), f"{number:,}")
    return table


def _last(watch: Watch) -> Table:
    table = Table(title="last malicious", expand=True, title_justify="left")
    for name in ("flow", "score", "why"):
        table.add_column(name, overflow="fold")
    for verdict in list(watch.last)[:6]:
        source, destination, _, port, protocol = verdict.flow
        flow = f"{protocol} {source} > {destination}:{port}"
        table.add_row(escape(flow), f"{verdict.score:.2f}", escape("; ".join(verdict.why[:2])))
    return table
