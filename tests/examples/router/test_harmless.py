"""Harmless hosts that the shipped model has never seen: how many of their flows are flagged, and
who of them would be banned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from examples.router.bundles import open_judge
from examples.router.enforce import Enforcer
from examples.router.enforce.allow import AllowList
from examples.router.replay import Replay
from examples.router.synthetic.make import make_captures

if TYPE_CHECKING:
    from pathlib import Path

    from examples.router.judge import Judge

SEEDS = 7, 8, 9
"""Nothing was learned from captures of these, and no operating point chosen on them."""

MOST_FLAGGED = 0.02
MOST_BANNED = 3
"""The goals are 0.01 and nobody; the model card says how far it gets, 0.012 and two of 81."""


def judged(capture: Path, judge: Judge) -> tuple[float, set[str]]:
    """The share of a capture's flows that are called malicious, and who would be banned."""
    now = 0.0
    enforcer = Enforcer(allow=AllowList(root=capture.parent), clock=lambda: now)
    final, banned = [], set()
    for one in Replay(judge).run([str(capture)]):
        if one.final:
            final.append(one.verdict.verdict == "malicious")
        if one.is_own:
            now = max(now, one.verdict.last)
            decision = enforcer.consider(one.verdict)
            if decision is not None and decision.action == "would ban":
                banned.add(decision.address)
    return float(np.mean(final)), banned


@pytest.mark.deep
def test_made_captures_of_unseen_seeds_are_hardly_flagged_and_hardly_a_host_is_banned(
    tmp_path: Path,
) -> None:
    judge, shares, banned = open_judge(), [], {}
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        for told in make_captures(folder, seed=seed, each=1, labels=("benign",)):
            share, hosts = judged(folder / str(told["file"]), judge)
            shares.append(share)
            if hosts:
                banned[f"{seed}/{told['file']}"] = hosts
    assert len(shares) > 60
    assert np.mean(shares) <= MOST_FLAGGED
    assert len(banned) <= MOST_BANNED, banned
