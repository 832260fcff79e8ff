"""The options of enforcement on a command line, and the enforcer that they ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer import BadInput
from examples.router.enforce.allow import AllowList, read_list
from examples.router.enforce.audit import AuditLog
from examples.router.enforce.enforcer import Enforcer
from examples.router.enforce.nftables import Nftables
from examples.router.enforce.policy import MOST_BAN_SECONDS, MOST_FLOWS, Policy

if TYPE_CHECKING:
    import argparse

OTHERS = ("act", "allow", "audit_log", "both_ways")
NUMBERS = ("ban_seconds", "strikes", "bans_per_minute")
"""Options that go with `--enforce` alone; the numbers are the policy's, by the same names."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that `build` reads."""
    usual = Policy()
    group = parser.add_argument_group("enforcement", "all but the first go with --enforce")
    group.add_argument(
        "--enforce", choices=("nftables",), help="ban malicious sources; a dry run without --act"
    )
    group.add_argument("--act", action="store_true", help="change the firewall for real")
    group.add_argument("--allow", type=Path, metavar="FILE", help="addresses never to ban")
    group.add_argument("--audit-log", type=Path, metavar="FILE", help="a JSON line a decision")
    group.add_argument("--ban-seconds", type=int, metavar="S",
                       help=f"how long a ban lasts ({usual.ban_seconds})")  # fmt: skip
    group.add_argument("--strikes", type=int, metavar="N",
                       help=f"malicious flows a minute for a ban ({usual.strikes})")  # fmt: skip
    group.add_argument("--bans-per-minute", type=int, metavar="N",
                       help=f"more are not banned ({usual.bans_per_minute})")  # fmt: skip
    group.add_argument("--both-ways", action="store_true",
                       help="all traffic passes here in both directions: ban for datagrams that "
                       "nobody asked for as well")  # fmt: skip


def build(options: argparse.Namespace) -> Enforcer | None:
    """The enforcer of these options, not yet opened; None without `--enforce`.

    Raises:
        BadInput: options that contradict each other, or an allow-list that cannot be read.
    """
    if options.enforce is None:
        _check_nothing_was_asked(options)
        return None
    if options.act and options.audit_log is None:
        raise BadInput("nobody is banned without a record", hint="add --audit-log FILE")
    policy = _policy(options)
    return Enforcer(
        policy=policy,
        log=None if options.audit_log is None else AuditLog(options.audit_log),
        firewall=Nftables(most_bans=policy.most_bans) if options.act else None,
        allow=AllowList(() if options.allow is None else read_list(options.allow)),
    )


def _check_nothing_was_asked(options: argparse.Namespace) -> None:
    """Else somebody would believe that his allow-list is kept, or that a log is written."""
    asked = {name: getattr(options, name) for name in (*OTHERS, *NUMBERS)}
    given = [name for name, value in asked.items() if value is not None and value is not False]
    if given:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise BadInput(
            f"{named}: nothing is enforced",
            expected="--enforce nftables beside it",
            actual="options of enforcement alone",
            hint="add --enforce nftables: a dry run without --act",
        )


_MOST = {
    "ban_seconds": (
        MOST_BAN_SECONDS, "nft takes", "ban for less: whoever goes on is banned again",
    ),
    "strikes": (
        MOST_FLOWS, "the flows that are remembered", "ask for fewer: nobody would be banned before",
    ),
}  # fmt: skip
"""What a number may be at most, what it would exceed, and what to do."""


def _policy(options: argparse.Namespace) -> Policy:
    given = {name: getattr(options, name) for name in NUMBERS}
    asked = {name: number for name, number in given.items() if number is not None}
    for name, (most, why, hint) in _MOST.items():
        if asked.get(name, 1) > most:
            raise BadInput(
                f"--{name.replace('_', '-')} is more than {why}",
                expected=f"1 to {most}",
                actual=asked[name],
                hint=hint,
            )
    for name, number in asked.items():
        if number < 1:
            raise BadInput(
                f"--{name.replace('_', '-')} cannot be less than one",
                expected="at least 1",
                actual=number,
                hint="leave it out for the usual one",
            )
    return Policy(**asked, both_ways=options.both_ways)
