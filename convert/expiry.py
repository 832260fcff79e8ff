"""When a release is no longer to be installed: what a person writes, as the contract keeps it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from edge_infer.errors import BadInput

_LAST_SECOND = time(23, 59, 59, tzinfo=UTC)


def read_expiry(text: str | None, *, now: datetime | None = None) -> str | None:
    """A moment in UTC with its offset, to the second; what this returns it takes again.

    Args:
        text: ISO 8601: a date, which lasts to its last second in UTC, or a moment with an offset.
        now: the moment that it has to lie after; by default this machine's.

    Raises:
        BadInput: it is no such text, or the moment has passed.
    """
    if text is None:
        return None
    moment = _parse(text)
    now = datetime.now(UTC) if now is None else now
    if moment <= now:
        raise BadInput(
            "the expiry has passed: nothing could be installed",
            expected=f"a moment after {now.astimezone(UTC).isoformat(timespec='seconds')}",
            actual=text,
            hint="give a later date, or leave it out: the release then never expires",
        )
    return moment.isoformat(timespec="seconds")


def _parse(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), _LAST_SECOND)
    except (TypeError, ValueError):
        pass
    try:
        moment = datetime.fromisoformat(text)
        in_utc = moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise _no_moment(text) from None
    if moment.tzinfo is None:
        raise _no_moment(text)
    return in_utc


def _no_moment(text: object) -> BadInput:
    return BadInput(
        "the expiry is no date",
        expected="ISO 8601: 2030-01-31, or 2030-01-31T12:00:00+00:00 with its offset from UTC",
        actual=str(text)[:60],
        hint="a date lasts to its end in UTC; a time of day needs Z or an offset such as +02:00",
    )
