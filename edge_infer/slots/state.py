"""`state.json`: which version serves, and every way from one state to the next, as pure functions.

The file is small and replaced as a whole. It carries its own digest, so that a medium that
forgets, or returns zeros, is told from a state; no secret is in it and no trust comes from it:
a version is verified against the pinned keys each time it is loaded.
"""

from __future__ import annotations

import re

from edge_infer.contract.codec import decode, encode
from edge_infer.errors import BadInput, Incompatible, Unavailable
from edge_infer.strict_json import dump_json, parse_json
from edge_infer.trust.digest import sha256
from edge_infer.trust.rollback import Floor
from edge_infer.values import dataclass, replace

FORMAT = 1
MAX_ATTEMPTS = 3
"""After so many starts of a new version that did not end in its commit, the old one serves."""
MAX_BYTES = 64 << 10

_NAME = re.compile(r"([1-9][0-9]{0,18})-([0-9a-f]{16})")


@dataclass(frozen=True)
class State:
    """What a root remembers. Versions are named as their directories are."""

    format: int
    current: str | None
    """The version that passed its trial last."""
    previous: str | None
    """The one before, to go back to."""
    trial: str | None
    """A version that has yet to prove itself on this device."""
    attempts: int
    """How often the trial was started."""
    failed: str | None
    """The last version that did not pass its trial."""
    floors: dict[str, Floor]
    """Fingerprint of each key to the highest release of it that was installed."""
    last_seen: str | None
    """The latest moment of which this device knows, ISO 8601."""

    @property
    def serving(self) -> tuple[str, ...]:
        """What may serve without a trial, in order."""
        return tuple(name for name in (self.current, self.previous) if name is not None)

    @property
    def kept(self) -> frozenset[str]:
        """What must not be collected."""
        return frozenset(self.serving) | ({self.trial} if self.trial else frozenset())


EMPTY = State(FORMAT, None, None, None, 0, None, {}, None)


@dataclass(frozen=True)
class Installed:
    """A version that is there and verified, as far as a lost state can be told from it."""

    name: str
    key: str
    """Fingerprint of the key that signed it."""
    sequence: int
    sha256: str
    """Of its signature."""


def version_name(sequence: int, signature_sha256: str) -> str:
    """The directory of a version: two releases never share one."""
    return f"{sequence}-{signature_sha256[:16]}"


def is_version_name(name: str) -> bool:
    """Whether `version_name` could have made it."""
    return _NAME.fullmatch(name) is not None


def put_on_trial(state: State, name: str) -> State:
    """`name` was installed; it is to prove itself. The one that serves already need not."""
    if name == state.current:
        return replace(state, trial=None, attempts=0)
    # One that was never tried is still better than nothing to go back to.
    current = state.trial if state.current is None and state.trial != name else state.current
    return replace(state, current=current, trial=name, attempts=0)


def count_attempt(state: State) -> State:
    """Another start of the trial, counted before it begins."""
    return replace(state, attempts=state.attempts + 1)


def commit(state: State) -> State:
    """The trial was passed: it serves, and the version before it is kept."""
    assert state.trial is not None, "there is a trial to commit"
    previous = state.previous if state.current is None else state.current
    if previous == state.trial:
        previous = None
    failed = None if state.failed == state.trial else state.failed
    return replace(
        state, current=state.trial, previous=previous, trial=None, attempts=0, failed=failed
    )


def give_up(state: State) -> State:
    """The trial was not passed: what served before goes on."""
    return replace(state, trial=None, attempts=0, failed=state.trial or state.failed)


def roll_back(state: State) -> State:
    """Away from a trial, or from the current version to the previous one.

    The floors stay: this is for whoever holds the device, it is no way in for an old release.

    Raises:
        Unavailable: there is no version to go back to.
    """
    if state.trial is not None and state.current is not None:
        return give_up(state)
    if state.current is None or state.previous is None:
        raise Unavailable(
            "there is no version to go back to",
            expected="a previous version",
            actual="none" if state.current is None else f"{state.current} alone",
            hint="install a bundle that was published as a rollback: bundle --may-replace",
        )
    return replace(state, current=state.previous, previous=state.current)


def rebuild(versions: list[Installed]) -> State:
    """A state for a root that lost its own: the highest version, with the next one behind it.

    The highest goes on trial, for nobody knows any more whether it passed one.
    """
    if not versions:
        return EMPTY
    ordered = sorted(versions, key=lambda one: (one.sequence, one.name), reverse=True)
    floors: dict[str, Floor] = {}
    for one in reversed(ordered):
        floors[one.key] = Floor(one.sequence, one.sha256)
    names = [one.name for one in ordered[:2]]
    current = names[1] if len(names) > 1 else None
    return replace(EMPTY, current=current, trial=names[0], floors=floors)


def settle(versions: list[Installed]) -> State:
    """As `rebuild`, the highest version taken as proven: what comes next is tried instead."""
    state = rebuild(versions)
    return state if state.trial is None else commit(state)


def write_state(state: State) -> bytes:
    """The bytes; `read_state(write_state(s)) == s`."""
    value = encode(state)
    return dump_json({"state": value, "sha256": sha256(dump_json(value)).hexdigest()})


def read_state(data: bytes) -> State | None:
    """The state, or None where the bytes are not a whole one of this format."""
    what = "state.json"
    try:
        value = parse_json(data, what=what, max_bytes=MAX_BYTES)
        if type(value) is not dict or value.keys() != {"state", "sha256"}:
            return None
        if value["sha256"] != sha256(dump_json(value["state"])).hexdigest():
            return None
        state = decode(State, value["state"], what=what)
    except (BadInput, Incompatible):
        return None
    names = (state.current, state.previous, state.trial, state.failed)
    sound = all(name is None or is_version_name(name) for name in names)
    return state if sound and state.format == FORMAT and state.attempts >= 0 else None
