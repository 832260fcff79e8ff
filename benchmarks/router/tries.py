"""What else was tried: `python -m benchmarks.router.tries --elsewhere DIR …`.

The shipped family on whole captures held out, in three deals of the folds, beside the lab and made
captures of unseen seeds, into docs/router/tries.json: learned from other made captures, and its
sources caught by other numbers of strikes. The model card says what came of it.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks.router.score import RECORDINGS, ROOT, UNSEEN
from examples.router.caught import AMONG, STRIKES
from examples.router.synthetic.devices import MACHINES
from examples.router.synthetic.programs import PROGRAMS
from examples.router.training.dataset import Rows, joined
from examples.router.training.estimators import FAMILIES, SEED
from examples.router.training.evaluate import (
    UNSEEN_BUDGET,
    folds_of,
    held_out_scores,
    judged,
    malice,
    operating_point,
)
from examples.router.training.metrics import (
    Flows,
    benign_hours,
    flow_scores,
    score,
    threshold_for,
)
from examples.router.training.sources import scores_with_sources
from examples.router.training.train import FAMILY, Data, gather, learned, made

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from examples.router.training.evaluate import Family

TRIES = ROOT / "docs" / "router" / "tries.json"
SECOND = 1_000_000_000
CAUGHT = (
    (0, AMONG, 60), (5, AMONG, 60), (10, AMONG, 60), (STRIKES, AMONG, 60), (18, AMONG, 60),
    (STRIKES, AMONG, 20), (STRIKES, AMONG, 120),
)  # fmt: skip
"""Strikes, among how many of the latest flows, the window's seconds; 0 is each flow by itself."""

SEEDS = (SEED, 1, 2)
"""Of the folds: who is held out with whom."""


class Way(NamedTuple):
    """Of learning: a family, and what becomes of the made captures."""

    family: Family
    of_made: Callable[[Rows], Rows]


def _all(rows: Rows) -> Rows:
    return rows


def _without_new_kinds(rows: Rows) -> Rows:
    """Without the machines and programs that were added to the pages, sessions and chatter."""
    new = {*MACHINES, *PROGRAMS}
    return _only(rows, [_kind(one.name) not in new for one in rows.captures])


def _few(rows: Rows) -> Rows:
    """Nine captures of each kind."""
    return _only(
        rows, [int(one.name.rpartition("-")[2].split(".")[0]) < 9 for one in rows.captures]
    )


def _kind(name: str) -> str:
    return name.partition("-")[2].rpartition("-")[0]


def _only(rows: Rows, kept: list[bool]) -> Rows:
    """The rows of some captures; the others stay in the list and have none."""
    chosen: NDArray[np.bool_] = np.array(kept)[rows.capture]
    _, flow = np.unique(rows.flow[chosen], return_inverse=True)
    told = None if rows.told is None else rows.told.of(chosen)
    return replace(rows, X=rows.X[chosen], capture=rows.capture[chosen], flow=flow, told=told)


WAYS = {
    "as shipped": Way(FAMILIES[FAMILY], _all),
    "nine captures of each kind": Way(FAMILIES[FAMILY], _few),
    "without machines and programs": Way(FAMILIES[FAMILY], _without_new_kinds),
}


class Scored(NamedTuple):
    """A way's scores: of the rows held out in each deal, and of captures not learned from."""

    held_out: dict[int, NDArray[np.float64]]
    away: tuple[tuple[Rows, NDArray[np.float64]], ...]
    """The lab; those that bound the operating point; those by which nothing was chosen."""


def scored(way: Way, data: Data, final: Rows) -> Scored:
    """All that has to be fitted."""
    assert data.others is not None
    assert data.elsewhere is not None
    assert data.unseen is not None
    others = way.of_made(data.others)
    model = learned(way.family, replace(data, others=others))
    return Scored(
        {seed: held_out_scores(way.family, data.judged, others, seed) for seed in SEEDS},
        tuple((one, malice(model, one.X)) for one in (data.elsewhere, data.unseen, final)),
    )


def figures(
    data: Data, found: Scored, strikes: int, among: int, seconds: int
) -> list[dict[str, Any]]:
    """One line for each deal, with one rule of catching sources."""

    def caught(rows: Rows, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        if not strikes:
            return flow_scores(rows, scores)
        how = {"strikes": strikes, "window_ns": seconds * SECOND, "among": among}
        return scores_with_sources(rows, scores, **how)

    away = [(Flows.of(rows), caught(rows, scores), rows) for rows, scores in found.away]
    least = max(
        threshold_for(flows, scores, flows.capture >= 0, UNSEEN_BUDGET)
        for flows, scores, _ in away[:2]
    )
    lines, rows = [], data.judged
    for seed, scores in found.held_out.items():
        folds = folds_of(rows, seed)
        held = judged(Flows.of(rows), caught(rows, scores), folds, benign_hours(rows), least)
        point = max(operating_point(held), least)
        lab, _, unseen = (
            asdict(score(flows, of >= point, benign_hours(part))) for flows, of, part in away
        )
        lines.append(
            {
                "seed": seed,
                "operating_point": round(point, 4),
                "held_out": asdict(held.score),
                "elsewhere": lab,
                "unseen_made": unseen,
            }
        )
    return lines


def main() -> None:
    """Try, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elsewhere", nargs="+", type=Path, required=True)
    data = gather([RECORDINGS], elsewhere=parser.parse_args().elsewhere)
    final = joined([made(seed, 1) for seed in UNSEEN])
    kept: dict[str, list[dict[str, Any]]] = {"ways": [], "caught": []}
    for name, way in WAYS.items():
        found = scored(way, data, final)
        kept["ways"] += [{"way": name, **line} for line in figures(data, found, STRIKES, AMONG, 60)]
        print(json.dumps(kept["ways"][-len(SEEDS) :]), flush=True)
        if name == "as shipped":
            for strikes, among, seconds in CAUGHT:
                rule = {"strikes": strikes, "among": among, "window_seconds": seconds}
                lines = figures(data, found, strikes, among, seconds)
                kept["caught"] += [{**rule, **line} for line in lines]
        TRIES.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
