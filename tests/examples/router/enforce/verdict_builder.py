"""Verdicts, a clock and a firewall for tests of enforcement."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Literal

from examples.router.enforce.nftables import NftFailed
from examples.router.verdicts import Verdict

ports = count(1024)


def verdict(
    source: str,
    said: Literal["malicious", "benign"] = "malicious",
    port: int | None = None,
    opening: Literal["seen", "inferred", "unknown"] = "seen",
) -> Verdict:
    """A verdict on a new flow of the source, or on that of the port."""
    return Verdict(
        flow=(source, "192.0.2.1", next(ports) if port is None else port, 22, "tcp"),
        first=1.0,
        last=2.0,
        score=0.97 if said == "malicious" else 0.02,
        verdict=said,
        why=["failed handshakes of the source"],
        latency_ms=1.0,
        source=source,
        opening=opening,
    )


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class KernelInMemory:
    """Keeps bans as the kernel would; fails on demand."""

    left: int = 0
    failing: bool = False
    bans: dict[str, int] = field(default_factory=dict)
    opened: int = 0

    def open(self) -> int:
        self.opened += 1
        self.bans.clear()
        return self.left

    def ban(self, address: str, seconds: int) -> None:
        if self.failing:
            raise NftFailed("Error: Could not process rule: No space left on device")
        self.bans[address] = seconds

    def close(self) -> None:
        self.opened -= 1
        self.bans.clear()
