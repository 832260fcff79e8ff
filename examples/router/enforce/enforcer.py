"""Takes verdicts and bans who earned it; whatever goes wrong, the network stays open."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, Self

from edge_infer import Unavailable
from examples.router.enforce.allow import AllowList
from examples.router.enforce.nftables import NftFailed
from examples.router.enforce.policy import Policy, Rate, Strikes, parse_source, within
from examples.router.verdicts import is_left_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from examples.router.enforce.audit import AuditLog
    from examples.router.enforce.policy import Address
    from examples.router.verdicts import Verdict

UNSEEN = "it was not seen to open these flows, and may be the side that answers"
"""Whoever sends a host answers to nothing must not have it banned; nor what a router that sees one
side alone takes for the other one."""

BEFORE = "a flow before: "
"""A burst's eighth flow comes within a second, in which five are explained: a ban has a reason."""

ALLOWED_SECONDS = 1.0

Action = Literal["ban", "would ban", "spare", "fail"]


class Firewall(Protocol):
    """What bans; `Nftables` is one."""

    def open(self) -> int: ...  # noqa: D102
    def ban(self, address: str, seconds: int) -> None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


@dataclass(frozen=True)
class Decision:
    """What was done about a source, and why."""

    action: Action
    address: str
    reason: str


@dataclass
class Enforcer:
    """Considers every verdict. Without a firewall it is a dry run: all but the ban itself.

    No method raises once `open` has returned: an error is counted and told once, the packet path
    goes on, and who could not be banned, or whose ban could not be logged, is not banned.
    """

    policy: Policy = field(default_factory=Policy)
    log: AuditLog | None = None
    firewall: Firewall | None = None
    allow: AllowList = field(default_factory=AllowList)
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._strikes, self._rate = Strikes(self.policy), Rate(self.policy.bans_per_minute)
        self._doubtful = Strikes(self.policy)
        self._began = self.clock()
        self._until: dict[str, float] = {}
        self._spared: dict[str, float] = {}
        self._allowed: dict[str, tuple[float, str]] = {}
        self._unbanned: dict[str, float] = {}
        self._told: set[str] = set()

    def open(self) -> Self:
        """Make the firewall ready; bans of an earlier run are dropped, not taken over.

        Raises:
            Unavailable: nft or a capability is missing, another program enforces, or the audit log
                cannot be written.
        """
        self._began = self.clock()
        left = 0 if self.firewall is None else self.firewall.open()
        mode = "dry run" if self.firewall is None else "enforcing"
        try:
            if self.log is not None:
                self.log.write(self.wall(), "start", mode=mode, bans_left_by_earlier_run=left)
        except OSError as error:
            if self.firewall is not None:
                self.firewall.close()
            raise Unavailable(
                f"the audit log cannot be written: {error}",
                hint="make its folder, or room there, or name another file; nobody is banned "
                "without a record",
            ) from error
        return self

    def consider(self, verdict: Verdict) -> Decision | None:
        """Take one verdict; return the decision where it led to one."""
        now, malicious = self.clock(), verdict.verdict == "malicious"
        address = parse_source(verdict.source)
        if address is None:
            return None
        source, flow = str(address), (verdict.flow, verdict.first)
        if self._held(source, now):
            return None
        is_seen = self._is_opener(verdict, now)
        strikes = self._strikes if is_seen else self._doubtful
        has_earned = strikes.add(source, flow, malicious, now)
        if not malicious:
            return None
        if is_left_out(verdict.why):
            before = strikes.why(source)
            verdict = verdict._replace(why=[f"{BEFORE}{one}" for one in before] or verdict.why)
        else:
            strikes.explain(source, verdict.why)
        if not has_earned:
            return None
        if not is_seen:
            return self._spare(verdict, source, UNSEEN)
        reason = self._why_spared(address, source, now)
        if reason is not None:
            return self._spare(verdict, source, reason)
        self._rate.count(now)
        return self._ban(verdict, source, now)

    def _why_spared(self, address: Address, source: str, now: float) -> str | None:
        """Why a source that has earned a ban is spared; None where it is not.

        Own addresses and the like are read anew before every ban. That a source is among them holds
        for a second: it may flood, and a router may have many routes.
        """
        if not self._rate.has_room(now):
            return f"over {self.policy.bans_per_minute} bans a minute"
        at, reason = self._allowed.get(source, (-1e9, ""))
        if now - at < ALLOWED_SECONDS:
            return reason
        networks = self.allow.networks()
        spared = within(address, networks)
        if spared is None:
            return None
        self._forget_ended(now)
        self._allowed[source] = now, f"{networks[spared]}: {spared}"
        return self._allowed[source][1]

    def _is_opener(self, verdict: Verdict, now: float) -> bool:
        """Whether the source has opened the flow; of TCP, idle connections go on, so it is seen."""
        if verdict.opening != "unknown" or not self.policy.both_ways or verdict.flow[4] == "tcp":
            return verdict.opening == "seen"
        return now - self._began >= self.policy.settled_seconds

    def bans(self, source: str) -> bool:
        """Is a source banned now, by this enforcer and for real?"""
        return self.firewall is not None and self._held(source, self.clock())

    def close(self) -> None:
        """Undo: every ban ends now."""
        if self.firewall is not None:
            try:
                self.firewall.close()
            except NftFailed as error:
                self._tell("the table of bans could not be removed; its bans end by timeout", error)
        self._until.clear()
        self._write("stop", counts=dict(self.counts))

    def _held(self, source: str, now: float) -> bool:
        """Does a ban go on, be it a dry one?"""
        until = self._until.get(source)
        if until is None or until > now:
            return until is not None
        del self._until[source]
        return False

    def _ban(self, verdict: Verdict, source: str, now: float) -> Decision | None:
        seconds, reason = self.policy.ban_seconds, "; ".join(verdict.why) or "no reason given"
        action: Action = "would ban" if self.firewall is None else "ban"
        if not self._write(action, **told(verdict, source), seconds=seconds):
            self._rate.give_back()  # else they would use up the bans of a log that is mended
            return self._failed(source, "the audit log cannot be written")
        if self.firewall is not None:
            try:
                self.firewall.ban(source, seconds)
            except NftFailed as error:
                self._tell("a ban failed; the network stays open", error)
                self._write("fail", address=source, error=str(error))
                return self._failed(source, str(error))
        self._until[source] = now + seconds
        self._strikes.forget(source)
        self._forget_ended(now)
        return self._decided(Decision(action, source, reason))

    def _spare(self, verdict: Verdict, source: str, reason: str) -> Decision:
        """Once in a window, so that a loud source does not fill the log."""
        now = self.clock()
        if self._spared.get(source, -1e9) < now - self.policy.window_seconds:
            self._forget_ended(now)
            self._spared[source] = now
            self._write("spare", **told(verdict, source), reason=reason)
        return self._decided(Decision("spare", source, reason))

    def _failed(self, source: str, reason: str) -> Decision | None:
        """Counted each time, and told once in a window."""
        now, decision = self.clock(), Decision("fail", source, reason)
        self._decided(decision)
        if self._unbanned.get(source, -1e9) >= now - self.policy.window_seconds:
            return None
        self._forget_ended(now)
        self._unbanned[source] = now
        return decision

    def _forget_ended(self, now: float) -> None:
        known = len(self._until) + len(self._spared) + len(self._allowed) + len(self._unbanned)
        if known > self.policy.most_bans:
            self._until = {who: until for who, until in self._until.items() if until > now}
            self._spared.clear()
            self._allowed.clear()
            self._unbanned.clear()

    def _decided(self, decision: Decision) -> Decision:
        self.counts[decision.action] += 1
        return decision

    def _write(self, action: str, **fields: object) -> bool:
        if self.log is None:
            return True
        try:
            self.log.write(self.wall(), action, **fields)
        except OSError as error:
            self.counts["log failed"] += 1
            self._tell("the audit log cannot be written; nobody is banned until it can", error)
            return False
        return True

    def _tell(self, what: str, error: Exception) -> None:
        if what not in self._told:
            self._told.add(what)
            print(f"enforcement: {what}: {error}", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()


def told(verdict: Verdict, source: str) -> dict[str, object]:
    """What the log says of a verdict."""
    return {
        "address": source,
        "score": round(verdict.score, 6),
        "flow": list(verdict.flow),
        "why": verdict.why,
    }
