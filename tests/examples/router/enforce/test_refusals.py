"""What enforcement refuses to begin with, and what it says to do."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

import pytest

from edge_infer import BadInput, Unavailable
from examples.router.enforce.nftables import Nftables, has_capability
from examples.router.enforce.options import add_options, build
from examples.router.enforce.policy import MOST_BAN_SECONDS, Policy

if TYPE_CHECKING:
    from pathlib import Path


def options(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(argv)


def test_nft_missing_is_named_with_how_to_get_it() -> None:
    with pytest.raises(Unavailable, match="is not installed") as caught:
        Nftables(program="nft-that-is-not-there").open()
    assert "apt install nftables" in str(caught.value)
    assert "opkg install nftables" in str(caught.value)


def test_the_missing_capability_is_named_with_how_to_grant_it(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("CapEff:\t000001ffffffefff\n")  # all but number 12
    with pytest.raises(Unavailable, match="CAP_NET_ADMIN") as caught:
        Nftables(program="true", status=status).open()
    assert "AmbientCapabilities=" in str(caught.value)


@pytest.mark.parametrize(("mask", "has"), [("0000000000001000", True), ("0000000000000fff", False)])
def test_the_capability_is_read_from_its_bit(mask: str, has: bool, tmp_path: Path) -> None:
    (tmp_path / "status").write_text(f"Name:\tx\nCapEff:\t{mask}\n")
    assert has_capability(12, tmp_path / "status") is has


def test_a_second_ctrl_c_does_not_reach_nft_while_it_undoes_the_bans(tmp_path: Path) -> None:
    """A terminal sends it to the whole group of processes."""
    (tmp_path / "nft").write_text(f"#!{sys.executable}\nimport os; print(os.getpgrp())\n")
    (tmp_path / "nft").chmod(0o755)
    assert int(Nftables(program=str(tmp_path / "nft"))._run("")) != os.getpgrp()


def test_without_enforce_there_is_no_enforcer_and_without_act_no_firewall(tmp_path: Path) -> None:
    assert build(options()) is None
    dry = build(options("--enforce", "nftables"))
    assert dry is not None
    assert dry.firewall is None


def test_a_bound_that_is_not_set_is_the_policy_s_own() -> None:
    enforcer = build(options("--enforce", "nftables", "--strikes", "7"))
    assert enforcer is not None
    assert enforcer.policy == Policy(strikes=7)
    both = build(options("--enforce", "nftables", "--both-ways"))
    assert both is not None
    assert both.policy == Policy(both_ways=True)


def test_the_longest_ban_is_taken() -> None:
    enforcer = build(options("--enforce", "nftables", "--ban-seconds", str(MOST_BAN_SECONDS)))
    assert enforcer is not None
    assert enforcer.policy.ban_seconds == MOST_BAN_SECONDS
    with pytest.raises(ValueError, match="at most"):
        Policy(ban_seconds=MOST_BAN_SECONDS + 1)


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (["--act"], "--enforce nftables"),
        (["--allow", "allowed.txt"], "--allow: nothing is enforced"),
        (["--audit-log", "log", "--strikes", "1"], "--audit-log, --strikes: nothing is enforced"),
        (["--strikes", "0"], "--strikes: nothing is enforced"),
        (["--both-ways"], "--both-ways: nothing is enforced"),
        (["--ban-seconds", "5"], "add --enforce nftables"),
        (["--bans-per-minute", "5"], "add --enforce nftables"),
        (["--enforce", "nftables", "--act"], "--audit-log"),
        (["--enforce", "nftables", "--ban-seconds", "0"], "at least 1"),
        (["--enforce", "nftables", "--ban-seconds", "100000000"], "1 to 99999999"),
        (["--enforce", "nftables", "--ban-seconds", "4294967296"], "more than nft takes"),
        (["--enforce", "nftables", "--strikes", "0"], "at least 1"),
        (["--enforce", "nftables", "--strikes", "32769"], "1 to 32768"),
        (["--enforce", "nftables", "--bans-per-minute", "-1"], "at least 1"),
        (["--enforce", "nftables", "--allow", "/nowhere/allow"], "cannot be read"),
    ],
)
def test_options_that_make_no_sense_are_refused(argv: list[str], hint: str) -> None:
    with pytest.raises(BadInput) as caught:
        build(options(*argv))
    assert hint in str(caught.value)
