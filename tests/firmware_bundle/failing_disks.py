"""Disks on which one operation fails, all of them from one on, or the process dies before it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from edge_infer.slots.disk import RealDisk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class CountingDisk(RealDisk):
    """Calls `step` before each operation that changes something."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self) -> None:
        self.steps += 1

    def make_directory(self, path: Path) -> None:
        self.step()
        super().make_directory(path)

    def write(self, path: Path, blocks: Iterable[bytes], *, mode: int = 0o644) -> None:
        def stepping() -> Iterator[bytes]:
            self.step()
            for block in blocks:
                yield block[: len(block) // 2]
                self.step()
                yield block[len(block) // 2 :]

        self.step()
        super().write(path, stepping(), mode=mode)

    def sync_tree(self, path: Path) -> None:
        self.step()
        super().sync_tree(path)

    def sync_directory(self, path: Path) -> None:
        self.step()
        super().sync_directory(path)

    def rename(self, source: Path, target: Path) -> None:
        self.step()
        super().rename(source, target)

    def remove_file(self, path: Path) -> None:
        self.step()
        super().remove_file(path)

    def remove_directory(self, path: Path) -> None:
        self.step()
        super().remove_directory(path)


class FailingDisk(CountingDisk):
    """Operation `at` fails with `error`; with `forever` all later ones too."""

    def __init__(self, at: int, error: int, *, forever: bool = False) -> None:
        super().__init__()
        self.at, self.error, self.forever = at, error, forever

    def step(self) -> None:
        super().step()
        if self.steps == self.at or (self.forever and self.steps > self.at):
            raise OSError(self.error, os.strerror(self.error))


class KillingDisk(CountingDisk):
    """Before operation `at` the process gets SIGKILL."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def step(self) -> None:
        super().step()
        if self.steps == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
