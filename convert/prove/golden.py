"""A few decided rows with scikit-learn's answers, for every device to repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import NotExact
from edge_infer.contract import Golden
from edge_infer.contract.golden import write_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from convert.prove.case import Case
    from convert.prove.probes import Probes
    from convert.prove.reference import Answers

SAMPLES = 10
HOSTILE = 8


def golden_vectors(
    case: Case, steady: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[Golden, bytes]:
    """Decided probes of the `steady` `(n,)` on which nothing was excused, described and as bytes.

    Raises:
        NotExact: there is none.
    """
    decided, outputs = case.decided() & steady, case.reference.outputs
    label = next((o.name for o in outputs if o.kind == "label"), None)
    labels = None if label is None else case.want[label].reshape(len(decided), -1)[:, 0]
    rows = choose(case.probes, decided, labels, rng)
    while not (same := case.rounding.steady(case.probes.rows[rows])).all():
        decided[rows[~same]] = False
        rows = choose(case.probes, decided, labels, rng)
    if not len(rows):
        raise NotExact(
            "no probe is decided: rounding decides every answer of this model",
            hint="where training rows of neighbours are equal, algorithm='kd_tree' decides "
            "between them",
        )
    answers = {o.name: _typed(o.dtype, case.want[o.name][rows]) for o in outputs}
    return write(case.graph.feeds(case.probes.rows[rows]), answers)


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


def _typed(dtype: str, answer: NDArray[Any]) -> NDArray[Any]:
    return answer if dtype == "str" else answer.astype(dtype)
