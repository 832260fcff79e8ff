"""What a recording will hold is decided by its seed, bounded, and stays among the lab's hosts."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

import pytest

from examples.router.lab.attacks import ATTACKS
from examples.router.lab.bounds import MOST_PACKETS, MOST_SECONDS
from examples.router.lab.catalogue import MOST_SECONDS as RECORDING_SECONDS
from examples.router.lab.catalogue import benign, malicious, plans

if TYPE_CHECKING:
    from examples.router.lab.plan import Plan

SET = list(plans(7, 2))
ADDRESS = re.compile(
    r"(?<![\w:.])(?:\d+\.\d+\.\d+\.\d+|[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7})(?![\w:])"
)


def option(argv: tuple[str, ...], name: str) -> float:
    return float(argv[argv.index(name) + 1].rstrip("s"))


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert list(plans(7, 2)) == SET
    assert list(plans(8, 2)) != SET
    assert malicious("guess-ssh", 5) == malicious("guess-ssh", 5)


def test_every_promised_kind_is_in_a_set() -> None:
    kinds = {plan.kind for plan in SET}
    assert {"scan-syn", "guess-ssh", "flood-syn", "flood-udp", "flood-icmp", "slow-web"} <= kinds
    assert {"tunnel-dns", "pages", "shell", "names", "telemetry", "throughput", "packages"} <= kinds


@pytest.mark.parametrize("plan", SET, ids=[f"{n}-{plan.kind}" for n, plan in enumerate(SET)])
def test_no_command_names_an_address_beyond_the_lab(plan: Plan) -> None:
    inside = [
        ipaddress.ip_network(prefix)
        for prefix in (plan.network.client_prefix, plan.network.server_prefix)
    ]
    for step in plan.steps:
        for word in step.argv:
            for found in ADDRESS.findall(word.replace("/64", "").replace("/120", "")):
                if plan.network.lan_mac in word or "/" in found:
                    continue
                address = ipaddress.ip_address(found)
                assert any(address in network for network in inside), (word, step.argv)


@pytest.mark.parametrize("plan", SET, ids=[f"{n}-{plan.kind}" for n, plan in enumerate(SET)])
def test_every_command_is_bounded_in_count_and_time(plan: Plan) -> None:
    assert plan.most_seconds <= RECORDING_SECONDS
    assert len(plan.steps) <= 400
    for step in plan.steps:
        assert step.at_seconds + step.limit_seconds < 60
        if step.argv[0] == "nmap":
            assert option(step.argv, "--host-timeout") <= RECORDING_SECONDS
        if "examples.router.lab.flood" in step.argv:
            assert option(step.argv, "--count") <= 10_000 < MOST_PACKETS
            assert option(step.argv, "--seconds") <= RECORDING_SECONDS < MOST_SECONDS


def test_plans_of_a_kind_differ_in_hosts_ports_line_and_place() -> None:
    of_a_kind = [malicious("scan-syn", seed).network for seed in range(40)]
    assert len({net.client_prefix for net in of_a_kind}) > 30
    assert len({net.ports["ssh"] for net in of_a_kind}) > 10
    assert len({net.line.delay_ms for net in of_a_kind}) > 30
    assert {net.capture_at for net in of_a_kind} == {"lan", "wan"}
    assert {net.family for net in of_a_kind} == {4, 6}
    assert {net.drops_closed for net in of_a_kind} == {True, False}


def test_only_malicious_plans_name_an_attacker_and_bystanders_are_others() -> None:
    assert all(not benign("household", seed).attackers for seed in range(5))
    for kind in ATTACKS:
        plan = malicious(kind, 3)
        assert plan.label == "malicious"
        assert set(plan.attackers) < set(plan.network.clients)
