"""What time it is at least: no clock is believed alone.

A device without a battery wakes in 1970, and a broken clock may say 2106. What counts is the
latest of the clock, what the device saw before, and what a trusted key signed: a lower bound of
the time, good enough to say that something has expired.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from edge_infer.errors import Incompatible

PLAUSIBLE = timedelta(days=20 * 366)
"""A clock further ahead of everything signed than this is broken, and is not believed."""


def time_at_least(*, clock: datetime, last_seen: datetime | None, signed: datetime) -> datetime:
    """The latest of the three, without a clock that is beyond belief.

    `last_seen` is what this function returned at the last installation.
    """
    known = signed if last_seen is None else max(signed, last_seen)
    return clock if known < clock <= known + PLAUSIBLE else known


def moment_in(text: str) -> datetime | None:
    """An ISO 8601 moment with its offset from UTC; None where `text` is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment


def parse_moment(text: str, *, what: str) -> datetime:
    """As `moment_in`.

    Raises:
        Incompatible: it is none.
    """
    moment = moment_in(text)
    if moment is None:
        raise Incompatible(
            f"{what} is no moment",
            expected="ISO 8601 with an offset, such as 2030-01-31T12:00:00+00:00",
            actual=text[:60],
        )
    return moment
