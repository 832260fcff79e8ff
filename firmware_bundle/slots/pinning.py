"""Whom a device trusts: written once, at provisioning, and only compared from then on."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

from edge_infer.errors import Untrusted
from edge_infer.slots.root import TRUST
from edge_infer.trust import read_pins
from edge_infer.trust.files import show

if TYPE_CHECKING:
    from datetime import datetime

    from edge_infer.slots import Root
    from edge_infer.trust import Pins, Trust


def choose_pins(root: Root, named: Trust | None) -> Pins:
    """The pinned keys, or the named ones where none are pinned yet.

    Raises:
        Untrusted: neither is there, or they are not the same.
        OSError: nobody may look there.
    """
    if not is_pinned(root):
        return read_pins(root.trust(named))
    pinned = read_pins(root.trust())
    if named is not None:
        _check_same(root, read_pins(named), pinned)
    return pinned


def check_pinned(root: Root, pins: Pins) -> None:
    """Refuse `pins` where others are pinned by now: another installer may have been first.

    Raises:
        Untrusted: they are not the same.
        OSError: nobody may look there.
    """
    if is_pinned(root):
        _check_same(root, pins, read_pins(root.trust()))


def _check_same(root: Root, named: Pins, pinned: Pins) -> None:
    if _meaning(named) != _meaning(pinned):
        raise Untrusted(
            f"{show(root.path)} has pinned another key",
            expected=", ".join(pin.called for pin in pinned.keys),
            actual=", ".join(pin.called for pin in named.keys),
            hint="leave --trust out; to change whom this device trusts, replace "
            f"{show(root.path / TRUST)} as its owner",
        )


def is_pinned(root: Root) -> bool:
    """Whether keys are pinned there.

    Raises:
        OSError: nobody may look.
    """
    try:
        os.lstat(root.path / TRUST)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def pin(root: Root, pins: Pins) -> None:
    """Write `pins` into the root, unless something is pinned there.

    Raises:
        OSError: the medium refuses.
    """
    if not is_pinned(root):
        root.replace_file(TRUST, pinned_bytes(pins))


def pinned_bytes(pins: Pins) -> bytes:
    """A trust file; a bare key stays one, for it is quicker to read at every start.

    Raises:
        Untrusted: they are more than a trust file holds.
    """
    first = pins.keys[0] if pins.keys else None
    if len(pins.keys) == 1 and first is not None and first.id is None and not pins.revocations:
        return first.key.pem
    from edge_infer.trust.trust_file import FORMAT, KeyEntry, TrustFile, pins_of, write_trust_file

    keys = tuple(
        KeyEntry(
            id=name,
            public_key=one.key.pem.decode("ascii"),
            roles=tuple(sorted(one.roles)),
            valid_from=_text(one.valid_from),
            valid_until=_text(one.valid_until),
        )
        for name, one in zip(_names(pins), pins.keys, strict=True)
    )
    file = TrustFile(FORMAT, keys, (), pins.revocations)
    # Several sources together may be more than one file holds: better said than pinned.
    pins_of(file, what="the trust file to pin")
    return write_trust_file(file)


def _names(pins: Pins) -> list[str]:
    """An id for each key, which is its own where no other has it: two files may use one."""
    names: list[str] = []
    taken = {one.id for one in pins.keys}
    for one in pins.keys:
        name = one.id
        if name is None or name in names:
            name = next(free for n in count(1) if (free := f"key-{n}") not in taken)
            taken.add(name)
        names.append(name)
    return names


def _meaning(pins: Pins) -> object:
    """What `pins` permit, whatever they are called."""
    keys = {(one.key, one.roles, one.valid_from, one.valid_until) for one in pins.keys}
    return keys, set(pins.revocations)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
