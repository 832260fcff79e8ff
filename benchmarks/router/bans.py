"""Who is flagged and who would be banned: `python -m benchmarks.router.bans --lab FOLDER --keep`.

The shipped model on made captures of twelve seeds by which nothing was chosen, on the lab's, and on
the recordings that it learned from. Verdicts are taken in the order of their captures' own clocks
by an enforcer that changes nothing, once for each rule. With `--keep` into docs/router/bans.json,
from which `python -m benchmarks.router.page` makes what is said of it.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from examples.router.bundles import open_judge
from examples.router.enforce import Enforcer, Policy
from examples.router.enforce.allow import AllowList
from examples.router.replay import Replay
from examples.router.synthetic.make import make_captures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.router.judge import Judge

ROOT = Path(__file__).parents[2]
RECORDINGS = Path(os.environ.get("EDGE_INFER_DATA", ROOT / "../shared/data")) / "packets"
KEPT = ROOT / "docs" / "router" / "bans.json"

SEEDS = range(7, 19)
"""Of made captures by which nothing was chosen: not the model, nor its operating point."""

RULES = ((1, 2), (3, 4), (3, 6), (5, 8), (5, 10), (8, 12), (8, 16), (10, 20))
"""Malicious flows among so many of a source's latest; `Policy()` is eight of twelve."""

NOBODY = AllowList(root=Path("/nowhere"))
"""The machine that measures is not the network that was recorded."""


@dataclass(frozen=True)
class Measured:
    """One capture."""

    label: str
    flagged: float
    """Share of its flows."""

    banned: list[dict[str, float]]
    """For each rule, the sources that would be banned, and the seconds since their first strike."""


def main() -> None:
    """Measure every capture and print the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", type=Path, help="what the lab recorded")
    parser.add_argument("--keep", action="store_true", help="write docs/router/bans.json")
    options = parser.parse_args()
    judge = open_judge()
    seeds: dict[int, list[Measured]] = {}
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            make_captures(Path(folder), seed=seed, each=1)
            seeds[seed] = measured(Path(folder), judge)
    every = {
        "made": [one for found in seeds.values() for one in found],
        "lab": [] if options.lab is None else measured(options.lab, judge),
        "recorded": measured(RECORDINGS, judge),
    }
    figures = {
        "rules": [list(rule) for rule in RULES],
        "groups": [
            group(whose, label, [one for one in found if one.label == label])
            for whose, found in every.items()
            if found
            for label in ("benign", "malicious")
        ],
        "benign_flagged_by_seed": {
            str(seed): round(fmean(one.flagged for one in found if one.label == "benign"), 5)
            for seed, found in seeds.items()
        },
    }
    print(json.dumps(figures, indent=1))
    if options.keep:
        KEPT.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def group(whose: str, label: str, found: list[Measured]) -> dict[str, Any]:
    """Share of flows flagged, captures weighing alike, and for each rule how many captures have a
    ban and how many seconds nine of ten of those who were banned had till then.
    """
    return {
        "whose": whose,
        "label": label,
        "captures": len(found),
        "flagged": round(fmean(one.flagged for one in found), 5),
        "with_a_ban": [sum(bool(one.banned[rule]) for one in found) for rule in range(len(RULES))],
        "within_s": [_within([one.banned[rule] for one in found]) for rule in range(len(RULES))],
    }


def _within(of_rule: list[dict[str, float]]) -> float | None:
    waits = sorted(seconds for banned in of_rule for seconds in banned.values())
    return round(waits[len(waits) * 9 // 10], 1) if waits else None


def measured(folder: Path, judge: Judge) -> list[Measured]:
    """Every capture of a folder."""
    return [measure(path, label, judge) for path, label in sorted(captures(folder))]


def captures(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every capture with its label."""
    if (folder / "manifest.json").is_file():
        for entry in json.loads((folder / "manifest.json").read_text("utf-8")):
            yield folder / entry["file"], entry["label"]
    for label in ("benign", "malicious"):
        yield from ((path, label) for path in (folder / label).glob("*.pcap*"))


def measure(path: Path, label: str, judge: Judge) -> Measured:
    """One capture by all rules."""
    flows = flagged = 0
    now = 0.0
    enforcers = [
        Enforcer(
            policy=Policy(strikes=strikes, share=strikes / among, bans_per_minute=100_000),
            allow=NOBODY,
            clock=lambda: now,
        )
        for strikes, among in RULES
    ]
    banned: list[dict[str, float]] = [{} for _ in RULES]
    first: dict[str, float] = {}
    for judged in Replay(judge).run([str(path)]):
        verdict = judged.verdict
        if judged.final:
            flows += 1
            flagged += verdict.verdict == "malicious"
        if not judged.is_own:
            continue
        now = max(now, verdict.last)
        if verdict.verdict == "malicious" and verdict.opening == "seen":
            first.setdefault(verdict.source, now)
        for enforcer, of_rule in zip(enforcers, banned, strict=True):
            decision = enforcer.consider(verdict)
            if decision is not None and decision.action == "would ban":
                of_rule.setdefault(decision.address, now - first[verdict.source])
    return Measured(label, flagged / max(flows, 1), banned)


if __name__ == "__main__":
    main()
