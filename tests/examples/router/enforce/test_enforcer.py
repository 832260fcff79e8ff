"""Who is banned and who is not; and that whatever fails, the network stays open."""

from __future__ import annotations

import json
import os
import sys
import tracemalloc
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from verdict_builder import Clock, KernelInMemory, verdict

from examples.router.enforce.allow import AllowList
from examples.router.enforce.audit import AuditLog
from examples.router.enforce.enforcer import Enforcer
from examples.router.enforce.policy import MOST_FLOWS, MOST_SOURCES, Policy, Strikes
from examples.router.why import UNTOLD, UNTOLD_KIND

ATTACKER = "203.0.113.9"
ENOUGH = Policy().strikes


class Bench:
    """An enforcer with a clock and a kernel in memory, and the lines of its log."""

    def __init__(self, folder: Path, *, dry: bool = False, **policy: float) -> None:
        self.clock, self.kernel = Clock(), KernelInMemory()
        self.path = folder / "audit.log"
        self.enforcer = Enforcer(
            policy=Policy(**policy),  # type: ignore[arg-type]
            log=AuditLog(self.path),
            firewall=None if dry else self.kernel,
            allow=AllowList(root=folder),
            clock=self.clock,
            wall=self.clock,
        ).open()

    def attack(self, source: str = ATTACKER, times: int = ENOUGH) -> list[str]:
        made = [self.enforcer.consider(verdict(source)) for _ in range(times)]
        return [one.action for one in made if one is not None]

    def lines(self, action: str) -> list[dict[str, object]]:
        read = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [one for one in read if one["action"] == action]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_eighth_malicious_flow_of_a_source_bans_it(bench: Bench) -> None:
    assert bench.attack(times=7) == []
    assert bench.attack(times=1) == ["ban"]
    assert bench.kernel.bans == {ATTACKER: 600}


def test_a_busy_benign_host_with_a_few_false_alarms_is_not_banned(bench: Bench) -> None:
    for number in range(300):
        said = "malicious" if number % 50 == 0 else "benign"
        bench.enforcer.consider(verdict("10.0.0.7", said))
        bench.clock.now += 0.1
    assert bench.kernel.bans == {}


@pytest.mark.parametrize(("benign", "banned"), [(4, True), (5, False)])
def test_the_strikes_have_to_be_most_of_a_source_s_latest_flows(
    benign: int, banned: bool, bench: Bench
) -> None:
    """A poller of which every other flow is a false alarm is spared; who has turned is not."""
    for _ in range(200):
        bench.enforcer.consider(verdict(ATTACKER, "benign"))
    bench.attack(times=ENOUGH - 1)
    for _ in range(benign):
        bench.enforcer.consider(verdict(ATTACKER, "benign"))
    assert bench.attack(times=1) == (["ban"] if banned else [])


def test_a_flow_that_is_called_malicious_again_and_again_is_one_strike(bench: Bench) -> None:
    for _ in range(20):
        assert bench.enforcer.consider(verdict(ATTACKER, port=5)) is None
    assert bench.attack(times=ENOUGH - 1) == ["ban"]


def test_strikes_older_than_the_window_do_not_count(bench: Bench) -> None:
    for _ in range(20):
        assert bench.attack(times=1) == []
        bench.clock.now += 31.0
    assert bench.kernel.bans == {}


def test_a_benign_verdict_never_bans(tmp_path: Path) -> None:
    bench = Bench(tmp_path, strikes=1, share=0.0)
    bench.attack(times=1)
    bench.kernel.bans.clear()
    assert bench.enforcer.consider(verdict("10.0.0.8", "benign")) is None
    assert bench.kernel.bans == {}


@pytest.mark.parametrize("opening", ["inferred", "unknown"])
def test_who_was_not_seen_to_open_the_flows_is_spared_and_the_log_says_why(
    opening: Literal["inferred", "unknown"], bench: Bench
) -> None:
    made = [bench.enforcer.consider(verdict(ATTACKER, opening=opening)) for _ in range(50)]
    assert {one.action for one in made if one is not None} == {"spare"}
    assert bench.kernel.bans == {}
    (line,) = bench.lines("spare")
    assert line["address"] == ATTACKER
    assert "not seen" in str(line["reason"])


def test_where_both_ways_pass_unasked_datagrams_ban_and_nothing_else_does(tmp_path: Path) -> None:
    bench = Bench(tmp_path, both_ways=True)

    def decided(opening: Any, protocol: str) -> set[str]:
        found = verdict(ATTACKER, opening=opening)
        flows = [found._replace(flow=(*found.flow[:2], n, 9, protocol)) for n in range(9)]
        made = [bench.enforcer.consider(one) for one in flows]
        bench.clock.now += 61
        return {one.action for one in made if one is not None}

    assert decided("unknown", "udp") == {"spare"}  # it may have been under way before the program
    bench.clock.now += 121
    assert decided("inferred", "udp") == {"spare"}
    assert decided("unknown", "tcp") == {"spare"}
    assert bench.kernel.bans == {}
    assert decided("unknown", "udp") == {"ban"}
    assert bench.kernel.bans == {ATTACKER: 600}


def test_flows_that_were_seen_to_be_opened_ban_whatever_else_is_judged(bench: Bench) -> None:
    bench.enforcer.consider(verdict(ATTACKER, opening="inferred"))
    for _ in range(20):
        bench.enforcer.consider(verdict(ATTACKER, "benign", opening="unknown"))
    assert bench.attack() == ["ban"]


def test_a_flow_whose_opening_is_seen_late_is_a_strike(bench: Bench) -> None:
    bench.enforcer.consider(verdict(ATTACKER, port=5, opening="inferred"))
    bench.enforcer.consider(verdict(ATTACKER, port=5))
    assert bench.attack(times=ENOUGH - 1) == ["ban"]


def test_a_dry_run_decides_the_same_and_changes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, dry=True)
    assert bench.attack(times=30) == ["would ban"]
    assert bench.kernel.bans == {}
    assert bench.kernel.opened == 0
    assert len(bench.lines("would ban")) == 1
    assert not bench.enforcer.bans(ATTACKER)


def test_a_ban_is_not_repeated_while_it_lasts_and_is_when_the_attack_goes_on(bench: Bench) -> None:
    assert bench.attack(times=100) == ["ban"]
    bench.clock.now += 599
    assert bench.attack(times=10) == []
    bench.clock.now += 2
    assert bench.attack() == ["ban"]


def test_a_flood_of_who_is_spared_does_not_read_all_routes_for_each_flow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []

    def networks(allow: AllowList) -> dict[Any, str]:
        reads.append(allow)
        return {ip_network("203.0.113.9"): "in the allow-list"}

    monkeypatch.setattr(AllowList, "networks", networks)
    bench = Bench(tmp_path, strikes=1, share=0.0)
    for _ in range(500):
        assert bench.attack(times=1) == ["spare"]
        bench.clock.now += 0.01
    assert 5 <= len(reads) <= 6
    reads.clear()
    assert bench.attack("203.0.113.10", times=1) == ["ban"]
    assert bench.attack("203.0.113.11", times=1) == ["ban"]
    assert len(reads) == 2, "and anew before each ban"


def test_who_is_over_the_rate_costs_no_look_at_the_routes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, strikes=1, bans_per_minute=1)
    assert bench.attack(times=1) == ["ban"]
    monkeypatch.setattr(AllowList, "networks", lambda allow: pytest.fail("read"))
    for number in range(50):
        assert bench.attack(f"198.51.100.{number}", times=1) == ["spare"]


def test_more_bans_than_the_rate_allows_are_spared(tmp_path: Path) -> None:
    bench = Bench(tmp_path, bans_per_minute=5)
    actions = [action for n in range(9) for action in bench.attack(f"203.0.113.{n + 1}")]
    assert actions == ["ban"] * 5 + ["spare"] * 4
    bench.clock.now += 61
    assert bench.attack("203.0.113.200") == ["ban"]


@pytest.mark.parametrize("failing", ["kernel", "log"])
def test_what_fails_bans_nobody_and_raises_nothing(
    failing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(tmp_path)
    if failing == "kernel":
        bench.kernel.failing = True
    else:
        assert bench.enforcer.log is not None
        bench.enforcer.log.path = Path("/dev/full")
    assert bench.attack(times=ENOUGH + 6) == ["fail"]
    assert bench.enforcer.counts["fail"] == 7
    assert bench.kernel.bans == {}
    assert not bench.enforcer.bans(ATTACKER)
    assert len(capsys.readouterr().err.splitlines()) == 1
    bench.kernel.failing = False
    if bench.enforcer.log is not None:
        bench.enforcer.log.path = bench.path
    assert bench.attack(times=1) == ["ban"]


def test_a_full_disk_does_not_use_up_the_bans_of_the_minute(tmp_path: Path) -> None:
    bench = Bench(tmp_path, bans_per_minute=5)
    assert bench.enforcer.log is not None
    bench.enforcer.log.path = Path("/dev/full")
    for number in range(20):
        assert bench.attack(f"203.0.113.{number + 1}", times=9) == ["fail"]
    bench.enforcer.log.path = bench.path
    assert [bench.attack(f"203.0.113.{n + 1}", times=1) for n in range(6)] == [
        *[["ban"]] * 5, ["spare"],
    ]  # fmt: skip


def test_the_log_says_who_why_and_until_when_before_the_ban(bench: Bench) -> None:
    bench.kernel.failing = True
    bench.attack()
    line = bench.lines("ban")[0]
    assert line["address"] == ATTACKER
    assert line["why"] == ["failed handshakes of the source"]
    assert line["seconds"] == 600
    assert line["time"] == "1970-01-01T00:16:40.000+00:00"
    assert bench.lines("fail")[0]["error"]


@pytest.mark.parametrize("reasons", [UNTOLD, UNTOLD_KIND])
def test_a_ban_has_a_reason_where_those_of_a_burst_s_later_flows_are_left_out(
    reasons: list[str], tmp_path: Path
) -> None:
    bench = Bench(tmp_path)
    bench.attack(times=3)
    for _ in range(ENOUGH - 3):
        bench.enforcer.consider(verdict(ATTACKER)._replace(why=reasons))
    (ban,) = bench.lines("ban")
    assert ban["why"] == ["a flow before: failed handshakes of the source"]
    for _ in range(ENOUGH):
        bench.enforcer.consider(verdict("203.0.113.10")._replace(why=reasons))
    assert bench.lines("ban")[1]["why"] == reasons


def test_reasons_without_end_are_not_remembered_whole(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    tracemalloc.start()
    for number in range(2000):
        long = verdict(f"10.0.{number >> 8}.{number & 255}")._replace(why=["x" * 100_000] * 10)
        bench.enforcer.consider(long)
    assert tracemalloc.get_traced_memory()[0] < 8e6
    tracemalloc.stop()


def test_a_log_without_a_full_disk_has_whole_lines(tmp_path: Path) -> None:
    log = AuditLog(Path("/dev/full"))
    with pytest.raises(OSError, match="No space"):
        log.write(0.0, "ban")
    log.path = tmp_path / "log"
    log.write(0.0, "ban")
    log.write(0.0, "stop")
    lines = log.path.read_text().split("\n")
    assert [json.loads(line)["action"] for line in lines if line] == ["ban", "stop"]


def test_a_pipe_that_nobody_reads_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    with pytest.raises(OSError, match="No such device or address"):
        AuditLog(tmp_path / "log").write(0.0, "ban")


def test_the_log_is_turned_over_and_stays_bounded(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "log", most_bytes=2000)
    for number in range(200):
        log.write(0.0, "ban", address=f"192.0.2.{number}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
    assert all(path.stat().st_size <= 2000 for path in tmp_path.iterdir())
    assert log.path.read_text().splitlines()[-1].find("192.0.2.199") > 0


def test_closing_undoes_every_ban(bench: Bench) -> None:
    bench.attack()
    bench.enforcer.close()
    assert bench.kernel.bans == {}
    assert bench.kernel.opened == 0
    assert not bench.enforcer.bans(ATTACKER)
    assert bench.lines("stop")[0]["counts"] == {"ban": 1}


@pytest.mark.parametrize(
    "source",
    ["", "aa:bb:cc:dd:ee:ff", "0.0.0.0", "255.255.255.255", "224.0.0.251", "ff02::1", "127.0.0.1",
     "::1", "fe80::1%eth0", "169.254.1.1", "1.2.3.4; flush ruleset", "1.2.3.4 }\nflush ruleset"],
)  # fmt: skip
def test_what_is_no_address_of_a_host_is_never_banned(source: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path, strikes=1)
    assert bench.attack(source) == []
    assert bench.kernel.bans == {}


def test_a_million_spoofed_sources_do_not_grow_the_memory() -> None:
    strikes = Strikes(Policy(), most_sources=100)
    for number in range(5000):
        strikes.add(f"10.0.{number >> 8}.{number & 255}", number, malicious=True, now=1.0)
    assert len(strikes) == 100
    assert MOST_SOURCES <= 8192


def test_many_flows_of_many_spoofed_sources_do_not_either() -> None:
    """As many sources as are remembered, and of each as many flows as count."""
    strikes, flows = Strikes(Policy()), 12 * MOST_SOURCES
    tracemalloc.start()
    try:
        for number in range(flows):
            source = f"10.{number % MOST_SOURCES >> 8}.{number % MOST_SOURCES & 255}.1"
            flow = ((source, "192.0.2.1", number & 65535, 80, "tcp"), 1.0 + number)
            strikes.add(source, flow, malicious=number % 3 == 0, now=1.0)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 16e6
    # Who was heard last has its strikes all the same.
    assert [strikes.add("192.0.2.9", n, malicious=True, now=1.0) for n in range(ENOUGH)][-1]


def test_one_source_has_no_more_flows_remembered_than_all() -> None:
    """However many strikes a ban takes."""
    strikes = Strikes(Policy(strikes=MOST_FLOWS))
    earned = [strikes.add(ATTACKER, n, malicious=True, now=1.0) for n in range(2 * MOST_FLOWS)]
    assert earned.index(True) == MOST_FLOWS - 1
    assert len(strikes._heard[ATTACKER].flows) == MOST_FLOWS
    assert Policy(strikes=1000, share=0.0).among == MOST_FLOWS
    with pytest.raises(ValueError, match="strikes is at most"):
        Policy(strikes=MOST_FLOWS + 1)
