"""Progress of long work: a callable that takes a stage's text and a fraction from 0 to 1.

    convert.convert(..., progress=quiet)         # nothing, the default
    with terminal() as progress: ...             # a bar on standard error if it is a terminal

Stages come one after another; a stage may report the same fraction twice.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

Progress = Callable[[str, float], None]


def quiet(stage: str, fraction: float) -> None:
    """Say nothing."""


@contextlib.contextmanager
def terminal() -> Iterator[Progress]:
    """A progress bar on standard error; nothing in a pipe or a log."""
    if not sys.stderr.isatty():
        yield quiet
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, object] = {}

        def show(stage: str, fraction: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=1.0)
            bars.update(tasks[stage], completed=min(1.0, max(0.0, fraction)))  # type: ignore[arg-type]

        yield show
