"""The bounds that every script of the lab keeps: a count, a time, and never outside the lab."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

MOST_PACKETS = 2_000_000
MOST_SECONDS = 60.0
OUTSIDE = "ROUTER_LAB_OUTSIDE"


class OutsideTheLab(SystemExit):
    """A script was started where its traffic would not stay within the lab."""


def network_namespace() -> int:
    """Number of the network namespace that this process is in."""
    return Path("/proc/self/ns/net").stat().st_ino


def only_in_the_lab() -> None:
    """Refuse to go on in a namespace that the lab did not make.

    The lab names the namespace it was started from in the variable ROUTER_LAB_OUTSIDE; a script
    that finds itself there, or finds no such name, sends nothing.

    Raises:
        OutsideTheLab: this is no namespace of the lab.
    """
    outside = os.environ.get(OUTSIDE, "")
    if not outside.isdigit() or int(outside) == network_namespace():
        raise OutsideTheLab("refused: this sends only in a network namespace that the lab made")


@dataclass
class Bounded:
    """Counts what is sent and says when it is enough."""

    count: int
    seconds: float
    sent: int = 0
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.count = min(self.count, MOST_PACKETS)
        self.seconds = min(self.seconds, MOST_SECONDS)

    def more(self) -> bool:
        """May one more be sent?"""
        return self.sent < self.count and self.elapsed() < self.seconds

    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started
