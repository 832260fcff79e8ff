"""Progress while the demo works, and the table at its end."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Step:
    """One line of the table: what was done, what came out, how long it took."""

    name: str
    result: str = ""
    seconds: float = 0.0


@dataclass
class Report:
    """Collects the steps; announces each one as it starts."""

    total: int
    steps: list[Step] = field(default_factory=list)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time one step: a spinner on a terminal, a short line in a pipe."""
        step = Step(name)
        title = f"{len(self.steps) + 1}/{self.total} {name}"
        started = time.perf_counter()
        with _announced(title):
            yield step
        step.seconds = time.perf_counter() - started
        self.steps.append(step)

    def table(self) -> str:
        """All steps, one line each."""
        width = max(len(step.name) for step in self.steps)
        lines = [f"{s.name:<{width}}  {s.seconds:7.2f} s  {s.result}" for s in self.steps]
        rule = "-" * max(map(len, lines))
        total = sum(step.seconds for step in self.steps)
        return "\n".join([rule, *lines, rule, f"{'together':<{width}}  {total:7.2f} s"])


def size(path: Path) -> str:
    """Size of a file, or of all files below a directory, for people."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    size_bytes = sum(file.stat().st_size for file in files)
    if size_bytes < 10_000:
        return f"{size_bytes:,} bytes"
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1e3:.0f} kB"
    return f"{size_bytes / 1e6:.1f} MB"


@contextlib.contextmanager
def _announced(title: str) -> Iterator[None]:
    if not sys.stdout.isatty():
        print(title, flush=True)
        yield
        return
    from rich.console import Console

    console = Console()
    with console.status(title):
        yield
    console.print(f"[green]✓[/] {title}", highlight=False)
