"""Whom the caller trusts, for what and until when: pure values, decided on without I/O."""

from __future__ import annotations

from edge_infer.errors import Untrusted
from edge_infer.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from edge_infer.trust.keys import PublicKey
    from edge_infer.trust.revocation import Revocation

TRAINER, PUBLISHER, REVOKER = "trainer", "publisher", "revoker"
ROLES = {
    TRAINER: "may authorise unpickling on a workstation",
    PUBLISHER: "may authorise an artifact or a bundle on a device",
    REVOKER: "may revoke other keys, and nothing else",
}


@dataclass(frozen=True)
class Pin:
    """A public key and what it is trusted with."""

    key: PublicKey
    id: str | None = None
    """What people call it; None for a bare `.pub` file."""
    roles: frozenset[str] = frozenset({TRAINER, PUBLISHER})
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """Nothing that says to be made at this moment or later is taken from the key."""

    @property
    def called(self) -> str:
        """Its id and fingerprint, for messages."""
        return self.key.fingerprint if self.id is None else f"{self.id} ({self.key.fingerprint})"


@dataclass(frozen=True)
class SecretPin:
    """A shared secret by name and fingerprint. It authorises unpickling, nothing else."""

    id: str
    fingerprint: str


@dataclass(frozen=True)
class Pins:
    """All that one verification trusts. Revocations of any source count for every key."""

    keys: tuple[Pin, ...]
    secrets: tuple[SecretPin, ...] = ()
    revocations: tuple[Revocation, ...] = ()

    def usable(self, role: str) -> tuple[Pin, ...]:
        """The keys with `role` that are not revoked."""
        return tuple(pin for pin in self.keys if self.fault(pin, role) is None)

    def fault(self, pin: Pin, role: str) -> str | None:
        """Why `pin` may not act as `role`; None where it may. Moments are not looked at."""
        revoked = self.revocation(pin.key)
        if revoked is not None:
            return f"revoked: {revoked.reason or 'no reason given'}"
        if role not in pin.roles:
            return f"trusted as {' and '.join(sorted(pin.roles))} only, not as {role}"
        return None

    def revocation(self, key: PublicKey) -> Revocation | None:
        """The first that names `key`."""
        named = (one for one in self.revocations if one.revokes == key.fingerprint)
        return next(named, None)


def join_pins(parts: Iterable[Pins]) -> Pins:
    """All of them together; what one of them revokes is revoked for all."""
    whole = list(parts)
    return Pins(
        keys=_unique(pin for part in whole for pin in part.keys),
        secrets=tuple(dict.fromkeys(one for part in whole for one in part.secrets)),
        revocations=tuple(dict.fromkeys(one for part in whole for one in part.revocations)),
    )


def check_moment(pin: Pin, moment: datetime, what: str) -> None:
    """Refuse what `pin` vouches for outside its validity.

    Raises:
        Untrusted: `moment` lies before or after it.
    """
    if pin.valid_from is not None and moment < pin.valid_from:
        raise _outside(pin, moment, what, f"not before {pin.valid_from.isoformat()}")
    if pin.valid_until is not None and moment >= pin.valid_until:
        raise _outside(pin, moment, what, f"before {pin.valid_until.isoformat()}")


def _outside(pin: Pin, moment: datetime, what: str, expected: str) -> Untrusted:
    return Untrusted(
        f"{what} lies outside the validity of the key {pin.called}",
        expected=expected,
        actual=moment.isoformat(),
        hint="sign with a key that is valid, or extend the validity in the trust file",
    )


def _unique(pins: Iterable[Pin]) -> tuple[Pin, ...]:
    """Each key once: a bare file beside a trust file must not widen what that file says."""
    found: dict[PublicKey, Pin] = {}
    for pin in pins:
        known = found.get(pin.key)
        if known is None or known.id is None:
            found[pin.key] = pin
        elif pin.id is not None and pin != known:
            raise Untrusted(
                "two trust files say different things about one key",
                expected=known.called,
                actual=pin.called,
                hint="name one of the files, or make them agree",
            )
    return tuple(found.values())
