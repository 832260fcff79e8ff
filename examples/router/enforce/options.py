"""The options of enforcement on a command line, and the enforcer that they ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer import BadInput
from examples.router.enforce.allow import AllowList, read_list
from examples.router.enforce.audit import AuditLog
from examples.router.enforce.enforcer import Enforcer
from examples.router.enforce.nftables import Nftables
from examples.router.enforce.policy import MOST_BAN_SECONDS, Policy

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that `build` reads."""
    usual = Policy()
    group = parser.add_argument_group("enforcement")
    group.add_argument(
        "--enforce", choices=("nftables",), help="ban malicious sources; a dry run without --act"
    )
    group.add_argument("--act", action="store_true", help="change the firewall for real")
    group.add_argument("--allow", type=Path, metavar="FILE", help="addresses never to ban")
    group.add_argument("--audit-log", type=Path, metavar="FILE", help="a JSON line a decision")
    group.add_argument("--ban-seconds", type=int, default=usual.ban_seconds, metavar="S")
    group.add_argument("--strikes", type=int, default=usual.strikes, metavar="N",
                       help="malicious flows within a minute that make a ban")  # fmt: skip
    group.add_argument("--bans-per-minute", type=int, default=usual.bans_per_minute, metavar="N")


def build(options: argparse.Namespace) -> Enforcer | None:
    """The enforcer of these options, not yet opened; None without `--enforce`.

    Raises:
        BadInput: options that contradict each other, or an allow-list that cannot be read.
    """
    if options.enforce is None:
        if options.act:
            raise BadInput("--act says how to enforce", hint="add --enforce nftables")
        return None
    if options.act and options.audit_log is None:
        raise BadInput("nobody is banned without a record", hint="add --audit-log FILE")
    if options.ban_seconds > MOST_BAN_SECONDS:
        raise BadInput(
            "--ban-seconds is more than nft takes",
            expected=f"1 to {MOST_BAN_SECONDS}",
            actual=options.ban_seconds,
            hint="ban for less: whoever goes on is banned again",
        )
    try:
        policy = Policy(
            ban_seconds=options.ban_seconds,
            strikes=options.strikes,
            bans_per_minute=options.bans_per_minute,
        )
    except ValueError as error:
        raise BadInput(str(error)) from error
    return Enforcer(
        policy=policy,
        log=None if options.audit_log is None else AuditLog(options.audit_log),
        firewall=Nftables(most_bans=policy.most_bans) if options.act else None,
        allow=AllowList(() if options.allow is None else read_list(options.allow)),
    )
