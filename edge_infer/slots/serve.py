"""Which version of a root becomes a model: the one on trial, the current, the previous, or none.

    trial?  lock → count the attempt → verify, load, golden vectors, health → commit
    else    current, or the previous where the current one is refused, or Unavailable

An attempt is counted before anything of the version runs, so one that takes the process down,
or the device, is counted too. Where nothing is on trial, nothing is written.
"""

from __future__ import annotations

from pathlib import Path

from edge_infer.artifact import open_artifact, read_artifact
from edge_infer.errors import EdgeInferError, Incompatible, Unavailable, Untrusted
from edge_infer.slots import state as states
from edge_infer.slots.root import Root, check_name
from edge_infer.slots.state import MAX_ATTEMPTS, State
from edge_infer.trust.files import show
from edge_infer.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from edge_infer.model import Model
    from edge_infer.slots.disk import Disk
    from edge_infer.trust import Trust

_REFUSALS = (Untrusted, Incompatible, Unavailable, OSError, MemoryError)


@dataclass(frozen=True)
class Slot:
    """Where a model of a root came from."""

    root: Root
    version: str
    passed_over: tuple[tuple[str, str], ...]
    """Versions that should have served, and why each was refused."""
    trust: Trust | None
    engine: str | None
    health: Callable[[Model], object] | None


def open_root(
    path: str | os.PathLike[str],
    *,
    trust: Trust | None = None,
    engine: str | None = None,
    health: Callable[[Model], object] | None = None,
    disk: Disk | None = None,
    held: Model | None = None,
) -> Model:
    """The model of the version that is to serve; `held` where that is its version.

    `health` is asked about a version on trial: it fails by raising or returning False.

    Raises:
        Untrusted: no key is pinned or named, or the named one vouches for no version.
        BadInput: there is no such engine.
        Unavailable: no version can serve; the text says why for each.
    """
    place = Path(path).absolute()
    root = Root(place) if disk is None else Root(place, disk)
    opener = _Opener(root, trust, engine, health, [], [])
    state = root.read_state()
    if state is None or state.trial is not None:
        found, state = opener.try_new_one(state)
        if found is not None:
            return found
    for name in state.serving:
        if held is not None and held.slot is not None and held.slot.version == name:
            # Verified and tried when it was opened: an installation or a medium that cannot be
            # written to must not have it opened anew at each safe point.
            return held
        found = opener.open(name)
        if found is not None:
            return found
    if state.trial is not None and state.current is None:
        # There is nothing to go back to, and nobody to count: another process tries it, or the
        # medium cannot be written to.
        found = opener.open(state.trial)
        if found is not None:
            return found
    raise _nothing_serves(
        root, opener.passed_over, named=trust is not None, untrusted=bool(opener.untrusted)
    )


def refresh(model: Model, slot: Slot) -> Model:
    """`model`, or the one that is to serve now; nothing is written where nothing is new."""
    state = slot.root.read_state()
    if state is None or (state.trial is None and state.current == slot.version):
        return model
    bad = {name for name, _ in slot.passed_over}
    if state.trial is None and state.current in bad:
        return model
    return open_root(
        slot.root.path,
        trust=slot.trust,
        engine=slot.engine,
        health=slot.health,
        disk=slot.root.disk,
        held=model,
    )


@dataclass(frozen=True)
class _Opener:
    root: Root
    named: Trust | None
    engine: str | None
    health: Callable[[Model], object] | None
    passed_over: list[tuple[str, str]]
    untrusted: list[str]
    """Those of them that no trusted key vouches for."""

    def try_new_one(self, seen: State | None) -> tuple[Model | None, State]:
        """The version on trial, if it passes; and the state as it is then."""
        from edge_infer.slots.root import LOCK

        try:
            with self.root.disk.lock(self.root.path / LOCK) as held:
                if held:
                    return self._trial()
        except OSError as error:
            self.passed_over.append(("trial", f"cannot be counted: {error.strerror}"))
        return None, seen or self._rebuilt()

    def _trial(self) -> tuple[Model | None, State]:
        state = self.root.read_state() or self._rebuilt()
        if state.trial is None:
            return None, state
        name = state.trial
        if state.attempts >= MAX_ATTEMPTS:
            self.passed_over.append((name, f"{state.attempts} starts did not end well"))
            given_up = states.give_up(state)
            self.root.write_state(given_up)
            return None, given_up
        state = states.count_attempt(state)
        self.root.write_state(state)
        model = self.open(name, on_trial=True)
        if model is not None:
            self.root.write_state(states.commit(state))
            return model, states.commit(state)
        if state.attempts >= MAX_ATTEMPTS:
            state = states.give_up(state)
            self.root.write_state(state)
        return None, state

    def _rebuilt(self) -> State:
        return states.rebuild(self.root.survey(self.root.trust(self.named)))

    def open(self, name: str, *, on_trial: bool = False) -> Model | None:
        """The model of a version, or None with the reason noted."""
        trust = self.root.trust(self.named)
        path = self.root.version(name)
        try:
            if not self.root.disk.is_directory(path):
                raise Unavailable(f"the version {name} is not there")
            artifact = read_artifact(path, trust=trust, engine=self.engine)
            check_name(name, artifact.tree.signature_sha256)
            model = open_artifact(artifact, engine=self.engine)
        except _REFUSALS as error:
            self.passed_over.append((name, _reason(error)))
            if isinstance(error, Untrusted):
                self.untrusted.append(name)
            return None
        if on_trial and self.health is not None:
            unwell = ask(self.health, model)
            if unwell is not None:
                self.passed_over.append((name, unwell))
                return None
        model.slot = Slot(
            self.root, name, tuple(self.passed_over), self.named, self.engine, self.health
        )
        return model


def ask(health: Callable[[Model], object], model: Model) -> str | None:
    """What the user's own check has against `model`; None where nothing."""
    try:
        verdict = health(model)
    except Exception as error:  # whatever it raises is its verdict
        return f"the health check raised {type(error).__name__}: {error}"
    return "the health check said no" if verdict is False else None


def active_version(path: str | os.PathLike[str], trust: Trust | None) -> tuple[Path, Trust]:
    """The directory of the current version and whom to trust about it, without a trial.

    Raises:
        Untrusted: no key is pinned or named.
        Unavailable: nothing is installed.
    """
    root = Root(Path(path))
    pinned = root.trust(trust)
    state = root.read_state() or states.rebuild(root.survey(pinned))
    name = state.current or state.trial
    if name is None:
        raise _nothing_serves(root, [], named=trust is not None)
    return root.version(name), pinned


def _reason(error: BaseException) -> str:
    return error.what if isinstance(error, EdgeInferError) else f"{type(error).__name__}: {error}"


def _nothing_serves(
    root: Root, passed_over: list[tuple[str, str]], *, named: bool, untrusted: bool = False
) -> EdgeInferError:
    reasons = "; ".join(f"{name}: {why}" for name, why in passed_over)
    # A wrong key is the caller's, as with a bundle; what the pinned one refuses is the medium's.
    kind = Untrusted if named and untrusted else Unavailable
    return kind(
        f"there is no model in {show(root.path)}",
        expected="a version that is verified and passes its golden vectors",
        actual=reasons or "nothing is installed",
        hint="install a bundle: edge-infer install BUNDLE ROOT"
        + (", or leave out --trust where it names another key than the root pins" if named else ""),
    )
