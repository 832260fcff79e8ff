"""Who would be banned on recorded traffic: `python -m benchmarks.router.bans FOLDER…`.

Each folder holds `benign` and `malicious` captures, or a manifest of the lab. Verdicts are taken in
the order of their captures' own clocks by an enforcer that changes nothing, once for each number of
strikes. Prints a line a capture and the totals.
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

STRIKES = (1, 2, 3)
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
    totals: dict[str, list[int]] = {}
    print("capture\tlabel\tsources\t" + "\t".join(f"banned at {n}" for n in STRIKES))
    for path, label in sorted(captures(options.folders)):
        sources, banned = measure(path, judge)
        print(f"{path.name}\t{label}\t{sources}\t" + "\t".join(map(str, banned)), flush=True)
        sums = totals.setdefault(label, [0] * (2 + len(STRIKES)))
        totals[label] = [was + new for was, new in zip(sums, (1, sources, *banned), strict=True)]
    for label, (number, sources, *banned) in totals.items():
        said = ", ".join(f"{n} at {at}" for at, n in zip(STRIKES, banned, strict=True))
        print(f"{number} {label} captures, {sources} sources: banned {said}")


def captures(folders: list[Path]) -> Iterator[tuple[Path, str]]:
    """Every capture with its label."""
    for folder in folders:
        if (folder / "manifest.json").is_file():
            for entry in json.loads((folder / "manifest.json").read_text("utf-8")):
                yield folder / entry["file"], entry["label"]
        for label in ("benign", "malicious"):
            yield from ((path, label) for path in (folder / label).glob("*.pcap*"))


def measure(path: Path, judge: Judge) -> tuple[int, list[int]]:
    """Sources of a capture, and how many would be banned for each number of strikes."""
    verdicts = [judged.verdict for judged in Replay(judge).run([str(path)]) if judged.is_own]
    now = 0.0
    enforcers = [
        Enforcer(policy=Policy(strikes=n, bans_per_minute=100_000), allow=NOBODY, clock=lambda: now)
        for n in STRIKES
    ]
    banned: list[set[str]] = [set() for _ in STRIKES]
    for verdict in verdicts:
        now = max(now, verdict.last)
        for enforcer, names in zip(enforcers, banned, strict=True):
            decision = enforcer.consider(verdict)
            if decision is not None:
                names.add(decision.address)
    return len({verdict.source for verdict in verdicts}), [len(names) for names in banned]


if __name__ == "__main__":
    main()
