"""Which recordings make a set: the kinds, and a plan for each from one seed."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from examples.router.lab.attacks import ATTACKS
from examples.router.lab.benign import ACTIVITIES, household
from examples.router.lab.plan import Plan, draw_network

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_SECONDS = 14.0
HOUSEHOLDS = 2
BACKGROUND = 0.35


def plans(seed: int, rounds: int) -> Iterator[Plan]:
    """`rounds` recordings of every kind, each from a seed of its own."""
    rng = Random(seed)
    for _ in range(rounds):
        for kind in ACTIVITIES:
            yield benign(kind, rng.randrange(2**32))
        for _ in range(HOUSEHOLDS):
            yield benign("household", rng.randrange(2**32))
        for kind in ATTACKS:
            yield malicious(kind, rng.randrange(2**32))


def benign(kind: str, seed: int) -> Plan:
    """A recording of ordinary traffic."""
    rng = Random(seed)
    network = draw_network(rng)
    activity = household if kind == "household" else ACTIVITIES[kind]
    return Plan(kind, "benign", seed, network, tuple(activity(rng, network)), (), MOST_SECONDS)


def malicious(kind: str, seed: int) -> Plan:
    """A recording of an attack by one client; in about one of three, others go on as ever."""
    rng = Random(seed)
    network = draw_network(rng)
    # The first address is the one that a program takes which cannot be told another (nmap -sT).
    attacker = network.clients[0]
    steps = list(ATTACKS[kind](rng, network, attacker))
    if rng.random() < BACKGROUND:
        steps += household(rng, replace(network, clients=network.clients[1:]))
    return Plan(kind, "malicious", seed, network, tuple(steps), (attacker,), MOST_SECONDS)
