"""How many strikes catch a source: `python -m benchmarks.router.tries --elsewhere DIR …`.

The shipped family on whole captures held out, for other numbers of strikes, other windows and other
folds, into docs/router/tries.json; the model card says what came of it. One strike would judge a
source by one flow; 0 is each flow by itself.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.router.score import RECORDINGS, ROOT
from examples.router.caught import STRIKES
from examples.router.training.estimators import FAMILIES, SEED
from examples.router.training.evaluate import (
    ELSEWHERE_BUDGET,
    fit,
    folds_of,
    held_out_scores,
    judged,
    learnable,
    malice,
    operating_point,
    threshold_for,
)
from examples.router.training.metrics import Flows, benign_hours, flow_scores, score
from examples.router.training.sources import scores_with_sources
from examples.router.training.train import FAMILY, Data, gather

TRIES = ROOT / "docs" / "router" / "tries.json"
SECOND = 1_000_000_000
TRIED = ((0, 60), (2, 60), (3, 60), (STRIKES, 60), (8, 60), (STRIKES, 20), (STRIKES, 120))
"""Strikes, and the window's seconds."""

SEEDS = (SEED, 1, 2)
"""Of the folds: who is held out with whom."""


def tried(data: Data, seed: int) -> list[dict[str, Any]]:
    """One line for each of `TRIED`; the models are the same."""
    rows, away = data.judged, data.elsewhere
    assert away is not None
    family = FAMILIES[FAMILY]
    of_rows = held_out_scores(family, rows, data.others, seed)
    of_away = malice(fit(family, rows, learnable(rows), data.others), away.X)
    found = []
    for strikes, seconds in TRIED:
        how = {"strikes": strikes, "window_ns": seconds * SECOND}
        here, there = (
            scores_with_sources(part, scores, **how) if strikes else flow_scores(part, scores)
            for part, scores in ((rows, of_rows), (away, of_away))
        )
        flows = Flows.of(away)
        least = threshold_for(flows, there, flows.capture >= 0, ELSEWHERE_BUDGET)
        held = judged(Flows.of(rows), here, folds_of(rows, seed), benign_hours(rows), least)
        threshold = max(operating_point(held), least)
        found.append(
            {
                "seed": seed,
                "strikes": strikes,
                "window_seconds": seconds,
                "operating_point": round(threshold, 4),
                "held_out": asdict(held.score),
                "elsewhere": asdict(score(flows, there >= threshold, benign_hours(away))),
            }
        )
        print(json.dumps(found[-1]), flush=True)
    return found


def main() -> None:
    """Try, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elsewhere", nargs="+", type=Path, required=True)
    data = gather([RECORDINGS], elsewhere=parser.parse_args().elsewhere)
    lines = [one for seed in SEEDS for one in tried(data, seed)]
    TRIES.write_text(json.dumps(lines, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
