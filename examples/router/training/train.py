"""Labelled captures to a bundle: extract, hold out, choose the operating point, fit, publish."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

from examples.router.features import NAMES
from examples.router.synthetic.make import make_captures
from examples.router.training.dataset import Rows, extract, labelled_folder
from examples.router.training.estimators import FAMILIES, SEED, at_operating_point
from examples.router.training.evaluate import (
    LABELS,
    HeldOut,
    fit,
    hold_out_captures,
    learnable,
    operating_point,
)
from examples.router.training.publish import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MADE_EACH = 10
"""Captures made of each kind of scene."""

MOST_FLOWS = 200
MOST_MADE_FLOWS = 60
"""Flows of a capture, and of a made one, that are learned from."""

SAMPLES = 4_000
"""Rows on which the exported model is proven, beside the hostile ones."""

FAMILY = "boosting"


@dataclass(frozen=True)
class Trained:
    """A bundle, the key that vouches for it, and what it was chosen by."""

    bundle: Path
    trust: Path
    threshold: float
    held_out: HeldOut


def made_rows(*, each: int = MADE_EACH, seed: int = SEED) -> Rows:
    """The rows of captures that are made on the spot and thrown away again."""
    with tempfile.TemporaryDirectory() as folder:
        make_captures(Path(folder), seed=seed, each=each)
        captures = labelled_folder(Path(folder), "made")
        return extract(captures).thinned(MOST_MADE_FLOWS, seed)


def recorded_rows(folders: Sequence[Path], *, seed: int = SEED) -> Rows | None:
    """The rows of labelled folders, None where there are none."""
    captures = [one for folder in folders for one in labelled_folder(folder, folder.name)]
    return extract(captures).thinned(MOST_FLOWS, seed) if captures else None


def train(
    folders: Sequence[Path],
    out: Path,
    *,
    each: int = MADE_EACH,
    seed: int = SEED,
    native: str = "host",
    progress: Callable[[str], None] = print,
) -> Trained:
    """Train on the captures of `folders` and on made ones, and write the bundle `out`.

    Without folders the operating point is chosen on made captures held out.
    """
    progress("making captures")
    made = made_rows(each=each, seed=seed)
    progress("reading captures")
    rows = recorded_rows(folders, seed=seed)
    judged, others = (rows, made) if rows is not None else (made, None)
    progress("holding out captures")
    held_out = hold_out_captures(FAMILIES[FAMILY], judged, others, seed)
    threshold = operating_point(held_out)
    progress(f"fitting; operating point {threshold:.3f}")
    estimator = fit(FAMILIES[FAMILY], judged, learnable(judged), others)
    chosen = at_operating_point(estimator, threshold)
    chosen.fit(pd.DataFrame(judged.X[:2], columns=list(NAMES)), LABELS)
    samples = judged.X if others is None else np.concatenate([judged.X, others.X])
    picked = np.random.default_rng(seed).permutation(len(samples))[:SAMPLES]
    progress("signing, proving and compiling")
    with tempfile.TemporaryDirectory() as folder:
        trust = publish(chosen, samples[picked], Path(folder), out, native=native)
    return Trained(out, trust, threshold, held_out)
