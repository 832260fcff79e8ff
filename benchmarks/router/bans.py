"""Who would be banned on recorded traffic: `python -m benchmarks.router.bans FOLDER…`.

Each folder holds `benign` and `malicious` captures, or a manifest as the lab and the made captures
have it. Verdicts are taken in the order of their captures' own clocks by an enforcer that changes
nothing, once for each rule. Prints a line a capture and the totals, with the time that nine of ten
of those who were banned had from their first malicious flow.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from examples.router.bundles import open_judge
from examples.router.enforce import Enforcer, Policy
from examples.router.enforce.allow import AllowList
from examples.router.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.router.judge import Judge

RULES = ((1, 2), (3, 4), (3, 6), (5, 8), (5, 10), (8, 12), (8, 16), (10, 20))
"""Malicious flows among so many of a source's latest; `Policy()` is eight of twelve."""

NOBODY = AllowList(root=Path("/nowhere"))
"""The machine that measures is not the network that was recorded."""


def main() -> None:
    """Measure every capture and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--bundle")
    parser.add_argument("--trust")
    options = parser.parse_args()
    judge = open_judge(options.bundle, trust=options.trust)
    measured: dict[str, list[list[dict[str, float]]]] = {}
    heads = "\t".join(f"{strikes} of {among}" for strikes, among in RULES)
    print(f"capture\tlabel\t{heads}")
    for path, label in sorted(captures(options.folders)):
        banned = measure(path, judge)
        print(f"{path.name}\t{label}\t" + "\t".join(str(len(one)) for one in banned), flush=True)
        measured.setdefault(label, []).append(banned)
    for label, of_captures in measured.items():
        for number, (strikes, among) in enumerate(RULES):
            print(f"{len(of_captures)} {label}, {strikes} of {among}:", told(of_captures, number))


def told(of_captures: list[list[dict[str, float]]], rule: int) -> str:
    """How many captures have a ban, of how many sources, and how long nine of ten had till then."""
    of_rule = [banned[rule] for banned in of_captures]
    waits = sorted(seconds for banned in of_rule for seconds in banned.values())
    within = f", nine of ten within {waits[len(waits) * 9 // 10]:.1f} s" if waits else ""
    return f"{sum(map(bool, of_rule))} with a ban, {len(waits)} sources{within}"


def captures(folders: list[Path]) -> Iterator[tuple[Path, str]]:
    """Every capture with its label."""
    for folder in folders:
        if (folder / "manifest.json").is_file():
            for entry in json.loads((folder / "manifest.json").read_text("utf-8")):
                yield folder / entry["file"], entry["label"]
        for label in ("benign", "malicious"):
            yield from ((path, label) for path in (folder / label).glob("*.pcap*"))


def measure(path: Path, judge: Judge) -> list[dict[str, float]]:
    """For each rule who of a capture would be banned, and the seconds since his first strike."""
    verdicts = [judged.verdict for judged in Replay(judge).run([str(path)]) if judged.is_own]
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
    for verdict in verdicts:
        now = max(now, verdict.last)
        if verdict.verdict == "malicious" and verdict.opening == "seen":
            first.setdefault(verdict.source, now)
        for enforcer, of_rule in zip(enforcers, banned, strict=True):
            decision = enforcer.consider(verdict)
            if decision is not None and decision.action == "would ban":
                of_rule.setdefault(decision.address, now - first[verdict.source])
    return banned


if __name__ == "__main__":
    main()
