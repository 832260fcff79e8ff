"""A few decided rows with scikit-learn's answers, for every device to repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edge_infer.contract import Golden
from edge_infer.contract.golden import write_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from convert.prove.probes import Probes
    from convert.prove.reference import Answers

SAMPLES = 10
HOSTILE = 8


def choose(
    probes: Probes,
    decided: NDArray[np.bool_],
    labels: NDArray[Any] | None,
    rng: np.random.Generator,
) -> NDArray[np.intp]:
    """Row numbers: samples over as many labels as fit, then hostile kinds in turn."""
    samples = rng.permutation(np.flatnonzero(decided & (probes.kind_of == 0)))
    if labels is not None and len(samples):
        _, first = np.unique(labels[samples].astype(str), return_index=True)
        rest = np.delete(np.arange(len(samples)), first)
        samples = samples[np.concatenate([first, rest])]
    hostile = [
        rng.permutation(np.flatnonzero(decided & (probes.kind_of == kind)))[:HOSTILE]
        for kind in range(1, len(probes.kinds))
    ]
    turns = [rows[turn] for turn in range(HOSTILE) for rows in hostile if turn < len(rows)]
    picked = [*samples[:SAMPLES], *turns[:HOSTILE]]
    return np.array(sorted(int(row) for row in picked), dtype=np.intp)


def write(feeds: Mapping[str, NDArray[Any]], answers: Answers) -> tuple[Golden, bytes]:
    """`golden.bin` and its description."""
    inputs, data = write_tensors(feeds)
    outputs, more = write_tensors(answers, start_bytes=len(data))
    return Golden(len(next(iter(feeds.values()))), inputs, outputs), data + more
