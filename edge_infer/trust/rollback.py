"""What may be installed over what: pure decisions about release numbers and moments.

The floor is kept per key, and the highest floor of the keys that may publish counts. Were there
one floor, whoever stole a key could sign release 2^63 - 1 and nothing of the owner's would ever be
installed again; so a key that is revoked, or no longer pinned, takes its floor along.
Whoever is root, or writes an old image to the card, sets all of this back: that is not prevented.
"""

from __future__ import annotations

from edge_infer.errors import BadInput, Incompatible, Untrusted
from edge_infer.trust.moments import time_at_least
from edge_infer.trust.pins import PUBLISHER, check_moment
from edge_infer.values import dataclass, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edge_infer.trust.pins import Pin, Pins

MAX_SEQUENCE = 2**63 - 1


@dataclass(frozen=True)
class Release:
    """What a verified bundle says about itself."""

    pin: Pin
    """Whose signature holds."""
    sequence: int
    sha256: str
    """Of its signature file, which lists every byte."""
    created: datetime
    expires: datetime | None
    may_replace: int | None = None
    """A signed rollback: the highest later release that this one may be installed over, so that
    it is no way back from any release after that. None in an ordinary release."""


@dataclass(frozen=True)
class Floor:
    """The highest release that a key has installed here."""

    sequence: int
    sha256: str
    """Of what that number stands for now: after a signed rollback, of the rollback."""


@dataclass(frozen=True)
class Memory:
    """What a device remembers between installations."""

    floors: Mapping[str, Floor] = field(default_factory=dict)
    """Fingerprint of the key to its floor."""
    last_seen: datetime | None = None


def decide_install(release: Release, memory: Memory, pins: Pins, *, clock: datetime) -> Memory:
    """What the device is to remember if it installs `release`; raised is why it may not.

    A release that is installed already is let through, so that an interrupted installation may be
    repeated.

    Raises:
        Untrusted: the key is revoked, not a publisher or not valid now, or the release lies
            below the key's floor or differs from the one of the same number.
        Incompatible: it has expired.
        BadInput: its number is none.
    """
    fault = pins.fault(release.pin, PUBLISHER)
    if fault is not None:
        raise Untrusted(f"the key {release.pin.called} may publish nothing", actual=fault)
    if not 1 <= release.sequence <= MAX_SEQUENCE:
        raise BadInput(
            "the sequence is no release number",
            expected="1 to 2^63 - 1",
            actual=release.sequence,
            hint="publish it anew: edge-infer convert --sequence",
        )
    now = time_at_least(clock=clock, last_seen=memory.last_seen, signed=release.created)
    check_moment(release.pin, now, "the installation")
    if release.expires is not None and now >= release.expires:
        raise Incompatible(
            "the release has expired",
            expected=f"installation before {release.expires.isoformat()}",
            actual=f"it is at least {now.isoformat()}",
            hint="publish it anew with a later expiry; what is installed keeps running",
        )
    floor = effective_floor(memory, pins)
    _check_floor(release, floor)
    key = release.pin.key.fingerprint
    highest = max(release.sequence, floor.sequence if floor is not None else 0)
    floors = {**memory.floors, key: Floor(highest, release.sha256)}
    return replace(memory, floors=floors, last_seen=now)


def effective_floor(memory: Memory, pins: Pins) -> Floor | None:
    """The highest floor of the keys that may publish."""
    keys = {pin.key.fingerprint for pin in pins.usable(PUBLISHER)}
    floors = [floor for key, floor in memory.floors.items() if key in keys]
    return max(floors, key=lambda floor: floor.sequence, default=None)


def _check_floor(release: Release, floor: Floor | None) -> None:
    if floor is None or release.sequence > floor.sequence:
        return
    if release.sequence == floor.sequence and release.sha256 == floor.sha256:
        return
    if release.may_replace is not None and floor.sequence <= release.may_replace:
        return
    if release.sequence == floor.sequence:
        raise Untrusted(
            f"another release took the number {release.sequence} before",
            expected=f"signature SHA-256 {floor.sha256}",
            actual=f"signature SHA-256 {release.sha256}",
            hint="give each release a number of its own: edge-infer convert --sequence",
        )
    raise Untrusted(
        "the release is older than one that was installed before",
        expected=f"sequence {floor.sequence} or later",
        actual=f"sequence {release.sequence}",
        hint="publish the old model under a new number, or sign a rollback",
    )
