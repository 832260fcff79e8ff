"""A medium that loses its power: every cut, and every state that what was unsynced may be in.

`RecordingDisk` is a `Disk` that does each operation on the real one and notes what it means for
the medium. `states_after` then says what may be found after the power went:

* a name that was made, changed or removed is there or not, each by itself and in any order, until
  its directory was synced; a rename is two such changes, so that FAT, whose new name may be there
  beside the old one, is included;
* bytes that were written are there, missing, zero, cut in the middle or garbage, until their file
  was synced.
"""

from __future__ import annotations

import contextlib
import itertools
import random
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from edge_infer.slots.disk import RealDisk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

FULL_SUBSETS_UP_TO = 5
DATA = ("whole", "empty", "zeros", "torn", "garbage")


@dataclass(frozen=True)
class Name:
    """A name in a directory now stands for an inode, or for nothing."""

    folder: int
    name: str
    inode: int | None


@dataclass(frozen=True)
class Bytes:
    """An inode was extended."""

    inode: int
    data: bytes


@dataclass(frozen=True)
class Sync:
    """An inode was synced: a file's bytes, or a directory's names."""

    inode: int


Event = Name | Bytes | Sync
Tree = dict[str, "bytes | Tree"]


@dataclass
class Medium:
    """Inodes: directories by name, files by content."""

    folders: dict[int, dict[str, int]] = field(default_factory=lambda: {0: {}})
    files: dict[int, bytes] = field(default_factory=dict)
    count: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def take(self, path: Path, inode: int = 0) -> None:
        """Read what is on a real disk."""
        for entry in sorted(path.iterdir()):
            made = next(self.count)
            self.folders[inode][entry.name] = made
            if entry.is_dir():
                self.folders[made] = {}
                self.take(entry, made)
            else:
                self.files[made] = entry.read_bytes()


class RecordingDisk(RealDisk):
    """The real disk below `top`, with a note of every change."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.before = Medium()
        self.before.take(top)
        self.now = Medium()
        self.now.take(top)
        self.events: list[Event] = []

    def _place(self, path: Path) -> tuple[int, str]:
        inode = 0
        for part in path.parent.relative_to(self.top).parts:
            inode = self.now.folders[inode][part]
        return inode, path.name

    def _inode(self, path: Path) -> int:
        if path == self.top:
            return 0
        folder, name = self._place(path)
        return self.now.folders[folder][name]

    def _name(self, path: Path, inode: int | None) -> None:
        folder, name = self._place(path)
        if inode is None:
            del self.now.folders[folder][name]
        else:
            self.now.folders[folder][name] = inode
        self.events.append(Name(folder, name, inode))

    def make_directory(self, path: Path) -> None:
        super().make_directory(path)
        made = next(self.now.count)
        self.now.folders[made] = {}
        self._name(path, made)

    def write(self, path: Path, blocks: Iterable[bytes], *, mode: int = 0o644) -> None:
        made = next(self.now.count)
        self.now.files[made] = b""

        def noted() -> Iterator[bytes]:
            self._name(path, made)
            for block in blocks:
                yield block
                self.now.files[made] += block
                self.events.append(Bytes(made, block))

        super().write(path, noted(), mode=mode)

    def sync_tree(self, path: Path) -> None:
        super().sync_tree(path)
        self._sync(self._inode(path))

    def _sync(self, inode: int) -> None:
        for child in self.now.folders.get(inode, {}).values():
            self._sync(child)
        self.events.append(Sync(inode))

    def sync_directory(self, path: Path) -> None:
        super().sync_directory(path)
        self.events.append(Sync(self._inode(path)))

    def rename(self, source: Path, target: Path) -> None:
        inode = self._inode(source)
        super().rename(source, target)
        self._name(target, inode)
        self._name(source, None)

    def remove_file(self, path: Path) -> None:
        super().remove_file(path)
        self._name(path, None)

    def remove_directory(self, path: Path) -> None:
        super().remove_directory(path)
        self._name(path, None)

    @contextlib.contextmanager
    def lock(self, path: Path) -> Iterator[bool]:
        with super().lock(path) as held:
            yield held


def states_after(
    disk: RecordingDisk, *, samples: int, seed: int = 0, first_cut: int = 0, stride: int = 1
) -> Iterator[Tree]:
    """Every state in which the medium may be found, for each cut; where too many, a sample.

    All subsets of up to `FULL_SUBSETS_UP_TO` unsynced names; of more: every prefix, every one
    lost alone, every one there alone, and `samples` at random. Of all these each `stride`-th.
    """
    chance = random.Random(seed)
    found = _states(disk, samples, chance, first_cut)
    for make in itertools.islice(found, 0, None, stride):
        yield make()


def count_states(disk: RecordingDisk, *, samples: int, seed: int = 0) -> int:
    """How many `states_after` would yield."""
    return sum(1 for _ in _states(disk, samples, random.Random(seed), 0))


def _states(
    disk: RecordingDisk, samples: int, chance: random.Random, first_cut: int
) -> Iterator[Callable[[], Tree]]:
    for cut in range(first_cut, len(disk.events) + 1):
        events = disk.events[:cut]
        names, data = _unsynced(events)
        for lost in _subsets(names, samples, chance):
            kept = [e for i, e in enumerate(events) if isinstance(e, Name) and i not in lost]
            for fate in DATA if data else DATA[:1]:
                yield partial(_found, disk, kept, events, data, fate)
            if len(data) > 1:
                yield partial(_found, disk, kept, events, data, "mixed", chance)


def _unsynced(events: list[Event]) -> tuple[list[int], set[int]]:
    """Positions of names that may be lost, and inodes whose bytes may be."""
    synced_at = {e.inode: i for i, e in enumerate(events) if isinstance(e, Sync)}
    names = [
        i for i, e in enumerate(events) if isinstance(e, Name) and synced_at.get(e.folder, -1) < i
    ]
    data = {
        e.inode
        for i, e in enumerate(events)
        if isinstance(e, Bytes) and synced_at.get(e.inode, -1) < i
    }
    return names, data


def _subsets(names: list[int], samples: int, chance: random.Random) -> Iterator[frozenset[int]]:
    """Sets of names that are lost."""
    if len(names) <= FULL_SUBSETS_UP_TO:
        for size in range(len(names) + 1):
            yield from map(frozenset, itertools.combinations(names, size))
        return
    for position in range(len(names) + 1):
        yield frozenset(names[position:])
    for one in names:
        yield frozenset({one})
        yield frozenset(names) - {one}
    for _ in range(samples):
        yield frozenset(one for one in names if chance.random() < 0.5)


def _found(
    disk: RecordingDisk,
    names: list[Name],
    events: list[Event],
    unsynced: set[int],
    fate: str,
    chance: random.Random | None = None,
) -> Tree:
    folders = {inode: dict(entries) for inode, entries in disk.before.folders.items()}
    files = dict(disk.before.files)
    for event in events:
        if isinstance(event, Bytes):
            files[event.inode] = files.get(event.inode, b"") + event.data
    for inode in unsynced:
        chosen = chance.choice(DATA) if chance is not None else fate
        files[inode] = _spoilt(files[inode], chosen)
    for event in names:
        entries = folders.setdefault(event.folder, {})
        if event.inode is None:
            entries.pop(event.name, None)
        else:
            entries[event.name] = event.inode
    return _tree(0, folders, files, set(disk.now.folders))


def _tree(
    inode: int, folders: dict[int, dict[str, int]], files: dict[int, bytes], is_folder: set[int]
) -> Tree:
    tree: Tree = {}
    for name, child in sorted(folders.get(inode, {}).items()):
        if child in is_folder:
            tree[name] = _tree(child, folders, files, is_folder)
        else:
            tree[name] = files.get(child, b"")
    return tree


def _spoilt(data: bytes, fate: str) -> bytes:
    return {
        "whole": data,
        "empty": b"",
        "zeros": bytes(len(data)),
        "torn": data[: len(data) // 2],
        "garbage": bytes(b ^ 0xA5 for b in data),
    }[fate]


def lay_out(tree: Tree, folder: Path) -> None:
    """Write a state to a real directory."""
    folder.mkdir()
    for name, value in tree.items():
        if isinstance(value, dict):
            lay_out(value, folder / name)
        else:
            (folder / name).write_bytes(value)


def fingerprint(tree: Tree) -> int:
    """The same for the same state."""
    return hash(_frozen(tree))


def _frozen(tree: Tree) -> tuple[object, ...]:
    return tuple(
        (name, _frozen(value) if isinstance(value, dict) else value)
        for name, value in sorted(tree.items())
    )
