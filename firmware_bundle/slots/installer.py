"""Install a bundle into a root, so that a cut at any moment leaves the old version or the new.

    verify the head → lock → may it be installed? → room? → copy and hash → sync → give it its name
    → sync → state: on trial → golden vectors, health → state: current → collect

Everything before "give it its name" happens in `staging/`; everything after it is one
replacement of the state file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge_infer.errors import BadInput, EdgeInferError, Unavailable
from edge_infer.slots import state as states
from edge_infer.slots.disk import Disk, RealDisk
from edge_infer.slots.root import STAGING, VERSIONS, Root
from edge_infer.trust import SIGNATURE_NAME
from edge_infer.trust.digest import sha256
from edge_infer.trust.files import real_path, show
from edge_infer.trust.moments import parse_moment
from edge_infer.trust.rollback import Memory, decide_install
from firmware_bundle.slots import launch
from firmware_bundle.slots.collect import (
    check_budget,
    clear_staging,
    collect,
    discard_staging,
    retire,
)
from firmware_bundle.slots.medium import disk_errors
from firmware_bundle.slots.new_root import make_root
from firmware_bundle.slots.pinning import check_pinned, choose_pins, pin
from firmware_bundle.slots.release import Head, check_digest, check_model, read_head
from firmware_bundle.slots.source import Source, open_source
from firmware_bundle.slots.trial import check_health, run_health, run_trial

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edge_infer.slots import State
    from edge_infer.trust import Pins, Trust
    from firmware_bundle.slots.trial import Trial

RESERVE_BYTES = 64 << 10
PER_FILE_BYTES = 4 << 10
"""What a file may cost beyond its bytes: its last block and its place in a directory."""


@dataclass(frozen=True)
class Installation:
    """What an installation did."""

    version: str
    previous: str | None
    """What served before and is kept."""
    on_trial: bool
    """Whether it has yet to prove itself at the next start."""
    copied_bytes: int
    """0 where the version was there already."""
    removed: tuple[str, ...]
    """Older versions that were collected."""


def install(
    bundle: str | os.PathLike[str],
    root: str | os.PathLike[str],
    *,
    trust: Trust | None = None,
    health: Sequence[str] | None = None,
    trial: Trial | None = run_trial,
    budget_bytes: int = 0,
    clock: datetime | None = None,
    disk: Disk | None = None,
) -> Installation:
    """Install a bundle, a directory or a `.tar`, and let it serve if it passes its trial.

    Args:
        bundle: what `edge-infer bundle` made.
        root: the device's directory; it is made where there is none.
        trust: whom the device is to trust; needed once, pinned from then on.
        health: a command that says with exit status 0 that the new version is well.
        trial: how the new version is tried; None leaves it to the next `edge_infer.load`.
        budget_bytes: how much all versions may take before older ones than the previous go.
        clock: the time, with its offset from UTC; this machine's where it is not given.
        disk: the file system.

    Raises:
        Untrusted: nobody pinned vouches for it, or it is older than what was installed.
        Incompatible: for another machine, of another model than the installed one, of a newer
            format, expired, or it failed its trial.
        BadInput: there is no bundle, `root` is something else, or `health` cannot be started.
        Unavailable: no room, a failing medium, or another installation at work.
    """
    where = Root(real_path(root), disk or RealDisk())
    if health is not None:
        check_health(health, where.path)
    check_budget(budget_bytes)
    _check_clock(clock)
    with disk_errors(where.path):
        pins = choose_pins(where, trust)
        with open_source(bundle) as source:
            head = read_head(source, pins)
            make_root(where)
            with where.lock():
                return _Installer(where, head, pins, budget_bytes).run(
                    source, clock or datetime.now(UTC), trial, health
                )


def _check_clock(clock: datetime | None) -> None:
    if clock is not None and clock.tzinfo is None:
        raise BadInput(
            "the clock does not say where it is",
            expected="a datetime with its offset from UTC",
            actual=clock.isoformat(),
            hint="datetime.now(UTC), or .astimezone() on a local time",
        )


@dataclass(frozen=True)
class _Installer:
    root: Root
    head: Head
    pins: Pins
    budget_bytes: int

    def run(
        self, source: Source, clock: datetime, trial: Trial | None, health: Sequence[str] | None
    ) -> Installation:
        check_pinned(self.root, self.pins)
        state = self.root.read_state()
        if state is None:
            state = states.settle(self.root.survey(self._trust()))
        check_model(self.head, self.root, state)
        state = self._remember(state, clock)
        pin(self.root, self.pins)
        name = self.head.version
        copied = self._bring(source, state, name)
        launch.write(self.root, replace=False)
        state = states.put_on_trial(state, name)
        versions = self.root.path / VERSIONS
        # Who starts after a cut knows no command: what one has to pass does not serve till then.
        known = state if health is None or trial is None else states.give_up(state)
        if known != self.root.read_state():
            self.root.write_state(known, behind=versions)
        elif copied:
            self.root.disk.sync_directory(versions)
        if state.trial is not None and trial is not None:
            state = self._try(state, trial, health)
        if state.trial is None:
            launch.write(self.root, replace=True)
        removed = collect(self.root, state, budget_bytes=self.budget_bytes)
        before = state.previous if state.trial is None else state.current
        return Installation(name, before, state.trial is not None, copied, tuple(removed))

    def _trust(self) -> Trust:
        return [*self.pins.keys]

    def _remember(self, state: State, clock: datetime) -> State:
        """The state with floors and time as they are after this release, if it may be installed."""
        seen = state.last_seen
        known = (
            None if seen is None else parse_moment(seen, what="the time of the last installation")
        )
        memory = decide_install(
            self.head.release, Memory(state.floors, known), self.pins, clock=clock
        )
        latest = memory.last_seen
        return replace(
            state,
            floors=dict(memory.floors),
            last_seen=None if latest is None else latest.isoformat(),
        )

    def _bring(self, source: Source, state: State, name: str) -> int:
        """Have the version under its name; return how many bytes were copied for it."""
        clear_staging(self.root)
        if self.root.disk.is_directory(self.root.version(name)):
            try:
                self.root.verify(name, self._trust())
            except EdgeInferError:
                retire(self.root, name)
            else:
                return 0
        size = sum(source.sizes.values())
        self._make_room(source, state, size)
        try:
            self._copy(source, self.root.path / STAGING / name)
            # Nothing refers to the new name yet; the state that will is written behind it.
            self.root.disk.rename(self.root.path / STAGING / name, self.root.version(name))
        except BaseException:
            discard_staging(self.root)
            raise
        return size

    def _make_room(self, source: Source, state: State, size: int) -> None:
        needed = size + len(source.sizes) * PER_FILE_BYTES + RESERVE_BYTES
        clear_staging(self.root)
        if self.root.disk.free_bytes(self.root.path) < needed:
            collect(self.root, state, budget_bytes=0)
        free = self.root.disk.free_bytes(self.root.path)
        if free < needed:
            raise Unavailable(
                f"there is no room for the bundle in {show(self.root.path)}",
                expected=f"{needed:,} bytes",
                actual=f"{free:,} bytes",
                hint="make room; what is installed goes on serving",
            )

    def _copy(self, source: Source, staged: Path) -> None:
        """Write every file, hashing what is written, and have all of it on the medium."""
        disk = self.root.disk
        disk.make_directory(staged)
        made = {staged}
        for name in sorted(source.sizes):
            target = staged / name
            for folder in reversed(target.parents):
                if folder not in made and staged in folder.parents:
                    disk.make_directory(folder)
                    made.add(folder)
            mode = 0o755 if name == "run" else 0o644
            if name == SIGNATURE_NAME:
                # These are the bytes that were verified, whatever stands in the source by now.
                disk.write(target, [self.head.signature], mode=mode)
            else:
                disk.write(target, self._hashed(source, name), mode=mode)
        disk.sync_tree(staged)

    def _hashed(self, source: Source, name: str) -> Iterator[bytes]:
        digest = sha256(size_bytes=source.sizes[name])
        for block in source.blocks(name):
            digest.update(block)
            yield block
        check_digest(name, digest.hexdigest(), self.head.digests)

    def _try(self, state: State, trial: Trial, health: Sequence[str] | None) -> State:
        """Count the attempt, try the version, and commit it or go on with the one before."""
        state = states.count_attempt(state)
        if health is None:
            self.root.write_state(state)
        assert state.trial is not None, "only a version on trial is tried"
        try:
            trial(self.root, state.trial)
            if health is not None:
                run_health(health, self.root, state.trial)
        except EdgeInferError:
            self.root.write_state(states.give_up(state))
            raise
        state = states.commit(state)
        self.root.write_state(state)
        return state
