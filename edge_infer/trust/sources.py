"""From what a caller passes as `trust` to the pins that it names."""

from __future__ import annotations

import os
from _collections_abc import Sequence  # as collections.abc names it, without `collections`

from edge_infer.errors import BadInput, Untrusted
from edge_infer.trust.files import read_file, real_name, show
from edge_infer.trust.keys import HINT, MAX_KEY_BYTES, PublicKey, parse_public_key
from edge_infer.trust.pins import Pin, Pins, join_pins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Trust: TypeAlias = "str | os.PathLike[str] | PublicKey | Pin | Sequence[Trust]"
else:
    Trust = object
"""A `.pub` file, a trust file, a key, a pin, or several of them of which any one suffices."""

SECRET_HEAD = b"edge-infer secret"


def read_pins(trust: Trust) -> Pins:
    """What `trust` names. A bare key may train and publish.

    Raises:
        Untrusted: a key or a trust file is not valid, or none is named.
        BadInput: a file cannot be found or `trust` is of another type.
    """
    pins = join_pins(_read(trust))
    if not pins.keys and not pins.secrets:
        raise Untrusted("no trusted key is named, so nothing can be trusted", hint=HINT)
    return pins


def read_trust(trust: Trust) -> tuple[PublicKey, ...]:
    """The keys that `trust` names, whatever their roles; at least one.

    Raises: as `read_pins`.
    """
    return tuple(pin.key for pin in read_pins(trust).keys)


def _read(trust: Trust) -> list[Pins]:
    if isinstance(trust, Pin):
        return [Pins((trust,))]
    if isinstance(trust, PublicKey):
        return [Pins((Pin(trust),))]
    if isinstance(trust, str | os.PathLike):
        return [_read_file(os.fspath(trust))]
    if isinstance(trust, Sequence):
        return [pins for item in trust for pins in _read(item)]
    raise BadInput(
        "trust has the wrong type",
        expected="the path of a .pub or trust file, a PublicKey, or a sequence of them",
        actual=type(trust).__name__,
        hint=HINT,
    )


def _read_file(path: str) -> Pins:
    data = read_file(real_name(path), max_bytes=MAX_KEY_BYTES)
    if data.lstrip()[:1] == b"{":
        # Few callers need it, and each import counts when a device starts.
        from edge_infer.trust.trust_file import parse_trust_file, pins_of

        return pins_of(parse_trust_file(data, what=show(path)))
    if data.startswith(SECRET_HEAD):
        raise Untrusted(
            f"{show(path)} is a shared secret: whoever checks with it can forge",
            expected="a .pub file or a trust file",
            hint="a trust file may pin it by name as trainer: edge-infer trust add",
        )
    try:
        return Pins((Pin(parse_public_key(data)),))
    except Untrusted as error:
        raise Untrusted(
            f"{show(path)}: {error.what}",
            expected=error.expected,
            actual=error.actual,
            hint=error.hint,
        ) from None
