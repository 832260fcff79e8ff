"""Labelled captures to a bundle: extract, hold out, choose the operating point, fit, publish."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edge_infer import BadInput
from examples.router.features import NAMES
from examples.router.synthetic.make import make_captures
from examples.router.training.dataset import Rows, extract, joined, labelled_folder
from examples.router.training.estimators import FAMILIES, SEED, at_operating_point
from examples.router.training.evaluate import (
    LABELS,
    UNSEEN_BUDGET,
    HeldOut,
    fit,
    hold_out_captures,
    judge_origin,
    learnable,
    operating_point,
)
from examples.router.training.publish import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from examples.router.training.evaluate import Family

MADE_EACH = 48
"""Captures made of each kind of scene: many, each of other hosts, paces and sizes."""

MADE_AT_ONCE = 4
"""Of each kind, on the disk: some 150 MB."""

MOST_MADE_FLOWS = 20
"""Flows of a made capture that are learned from."""

MOST_OWN_FLOWS = 60
"""The same of a capture that was recorded by ourselves: there are fewer of them."""

UNSEEN_EACH = 6
"""Benign captures made of each kind that nobody learns from: the operating point keeps to them."""

UNSEEN_SEED = 101
"""Of those; added to the seed of the captures that are learned from."""

SAMPLES = 1_000
"""Rows on which the exported model is proven, beside the hostile ones."""

FAMILY = "blend"


@dataclass(frozen=True)
class Data:
    """What is learned from."""

    judged: Rows
    """The captures that are held out in turn."""

    others: Rows | None = None
    """Captures of our own, which are learned from beside them and never judged."""

    elsewhere: Rows | None = None
    """Captures of another origin, which are judged and never learned from."""

    unseen: Rows | None = None
    """Benign captures of our own, made with another seed: the same."""


@dataclass(frozen=True)
class Trained:
    """A bundle, the key that vouches for it, and what it was chosen by."""

    bundle: Path
    trust: Path
    threshold: float
    held_out: HeldOut


def gather(
    folders: Sequence[Path],
    *,
    own: Sequence[Path] = (),
    elsewhere: Sequence[Path] = (),
    each: int = MADE_EACH,
    seed: int = SEED,
) -> Data:
    """The rows of labelled folders, of folders of our own, and of captures made on the spot.

    Without folders, the captures of our own are held out in turn. What is `elsewhere` is not
    learned from.
    """
    parts = [_recorded(own).thinned(MOST_OWN_FLOWS, seed)] if own else []
    unseen = None
    if each:
        parts.append(made(seed, each, most_flows=MOST_MADE_FLOWS))
        unseen = made(seed + UNSEEN_SEED, UNSEEN_EACH, labels=("benign",))
    others = joined(parts) if parts else None
    away = _recorded(elsewhere) if elsewhere else None
    if folders:
        return Data(_recorded(folders), others, away, unseen)
    if others is None:
        raise BadInput("nothing to learn from", hint="name a folder of captures, or make some")
    return Data(others, None, away, unseen)


def made(
    seed: int, each: int, *, labels: Sequence[str] = tuple(LABELS), most_flows: int | None = None
) -> Rows:
    """The rows of `each` captures of every kind, made on the spot.

    At most `most_flows` of each are kept, if that is said.
    """
    parts = []
    for first in range(0, each, MADE_AT_ONCE):
        with tempfile.TemporaryDirectory() as folder:
            number = min(MADE_AT_ONCE, each - first)
            make_captures(Path(folder), seed=seed, each=number, first=first, labels=labels)
            rows = _recorded([Path(folder)])
        parts.append(rows if most_flows is None else rows.thinned(most_flows, seed))
    return joined(parts)


def _recorded(folders: Sequence[Path]) -> Rows:
    captures = [one for folder in folders for one in labelled_folder(folder, folder.name)]
    rows = extract(captures)
    if not len(rows.X):
        raise BadInput(
            "the captures hold no flow",
            expected="packets of IPv4 or IPv6",
            actual=", ".join(one.name for one in captures[:5]) or "no capture",
            hint="look at them with `python -m examples.router replay FILE`",
        )
    return rows


def _check_enough(data: Data) -> None:
    """Of each label one capture can be held out and another be learned from."""
    rows = data.judged
    chosen = learnable(rows)
    counts = [len(np.unique(rows.capture[chosen & (rows.y == y)])) for y in range(len(LABELS))]
    if min(counts) < 2:
        raise BadInput(
            "too few captures to learn from some and judge the others",
            expected=" and ".join(f"2 {label}" for label in LABELS),
            actual=", ".join(f"{n} {label}" for n, label in zip(counts, LABELS, strict=True)),
            hint="add captures, or give these with --own: learned from beside made ones",
        )


def judge_elsewhere(model: Any, data: Data) -> HeldOut | None:
    """The captures of another origin, judged by a model of all others; None without benign ones."""
    away = data.elsewhere
    if away is None or all(one.label != "benign" for one in away.captures):
        return None
    return judge_origin(model, away)


def least_point(model: Any, data: Data) -> float:
    """Where a model of all captures keeps to the budget on those that nobody learned from."""
    away = judge_elsewhere(model, data)
    unseen = None if data.unseen is None else judge_origin(model, data.unseen)
    found = [operating_point(one, UNSEEN_BUDGET) for one in (away, unseen) if one is not None]
    return max(found, default=0.0)


def learned(family: Family, data: Data) -> Any:
    """A model of all that may be learned from."""
    return fit(family, data.judged, learnable(data.judged), data.others)


def hold_out(family: Family, data: Data, model: Any, seed: int) -> tuple[HeldOut, float]:
    """Captures held out in turn, and the operating point for `model`, which learned from them all.

    It keeps to all budgets: of captures held out, of another origin, and made with another seed.
    """
    least = least_point(model, data)
    found = hold_out_captures(family, data.judged, data.others, seed, least=least)
    return found, max(operating_point(found), least)


def finish(
    data: Data,
    model: Any,
    held_out: HeldOut,
    threshold: float,
    out: Path,
    *,
    native: str = "host",
    seed: int = SEED,
) -> Trained:
    """Publish a model of everything, at the operating point that `hold_out` chose."""
    chosen = at_operating_point(model, threshold)
    chosen.fit(pd.DataFrame(data.judged.X[:2], columns=list(NAMES)), LABELS)
    every = [data.judged.X[learnable(data.judged)]]
    if data.others is not None:
        every.append(data.others.X)
    samples = np.concatenate(every)
    picked = np.random.default_rng(seed).permutation(len(samples))[:SAMPLES]
    with tempfile.TemporaryDirectory() as folder:
        trust = publish(chosen, samples[picked], Path(folder), out, native=native)
    return Trained(out, trust, threshold, held_out)


def train(
    data: Data,
    out: Path,
    *,
    native: str = "host",
    seed: int = SEED,
    progress: Callable[[str], None] = print,
) -> Trained:
    """Hold captures out, choose the operating point, learn from all, and write the bundle `out`.

    Raises:
        BadInput: too few captures to hold any out.
    """
    _check_enough(data)
    progress("learning, and holding out captures")
    model = learned(FAMILIES[FAMILY], data)
    held_out, threshold = hold_out(FAMILIES[FAMILY], data, model, seed)
    progress("signing, proving and compiling")
    return finish(data, model, held_out, threshold, out, native=native, seed=seed)
