"""What a flow table gives: rows to be judged, and of a flow what its judge writes down."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import mmap
    import os
    from collections.abc import Iterator

    from examples.router.features import Row
    from examples.router.flows.link_control import Key
    from examples.router.flows.opening import Opening
    from examples.router.flows.portless import Counters
    from examples.router.packets import Frame, Problems


class Block(Protocol):
    """Frames that a kernel has put into one piece of memory: `live/ring.py`."""

    @property
    def ring(self) -> mmap.mmap: ...  # noqa: D102
    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def number(self) -> int: ...  # noqa: D102
    @property
    def first(self) -> int: ...  # noqa: D102
    @property
    def linktype(self) -> int: ...  # noqa: D102
    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def opened_ns(self) -> int: ...  # noqa: D102
    def frames(self) -> Iterator[Frame]: ...  # noqa: D102
    def frame(self, at: int) -> tuple[Frame, int]: ...  # noqa: D102


class JudgedFlow(Protocol):
    """A flow as its judge sees it, the same one for all of its rows."""

    key: Key
    first_ns: int
    is_malicious: bool
    score: float
    reasons: list[str]


class Due(NamedTuple):
    """A row to be judged, and whether its flow is over with it."""

    flow: JudgedFlow
    row: Row
    ended: bool
    asked: float
    """`time.perf_counter` at the packet that asked."""

    seen_ns: int
    last_ns: int
    """The flow's last packet then, by the table's clock and by the capture's."""

    opening: Opening = "seen"
    """Whether its source was seen to open it."""


class Table(Protocol):
    """A flow table, in Python or compiled: the same frames bring the same rows, to the bit."""

    due: list[Due]
    problems: Problems
    is_lazy: bool
    """Whether of many flows that ended at once the rows may be left for `late`."""

    late_rows: int
    most_waiting: int
    """Rows of flows that are over, which may wait: as many as take some megabytes."""

    def __len__(self) -> int: ...
    @property
    def counters(self) -> Counters: ...  # noqa: D102
    @property
    def seconds(self) -> float: ...  # noqa: D102
    def add(self, frame: Frame) -> None: ...  # noqa: D102
    def take_file(self, path: str | os.PathLike[str], batch: int) -> Iterator[None]: ...  # noqa: D102
    def take_block(self, block: Block, batch: int) -> Iterator[None]: ...  # noqa: D102
    def tick(self, time_ns: int) -> bool: ...  # noqa: D102
    def late(self, most: int) -> None: ...  # noqa: D102
    def end(self, most: int = ...) -> bool: ...  # noqa: D102
    def summary(self) -> dict[str, object]: ...  # noqa: D102
