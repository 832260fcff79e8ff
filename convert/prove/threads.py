"""Whether an estimator answers alike on one thread and on two.

Brute-force searches (`sklearn.metrics._pairwise_distances_reduction`) divide more than one chunk of
training rows among threads, each with a heap of its own, so that of equally far rows others stay.
How a forest's trees add up is settled elsewhere: its threads are joblib's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.estimators.nesting import nested

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from convert.prove.reference import Answers, Reference

    Rows = NDArray[np.float64]

THREADS = (1, 2)
BATCH = 100
"""Few enough rows that scikit-learn divides the training rows and not these."""


def divides_among_threads(estimator: Any) -> bool:
    """Whether a search in it, at whatever depth, meets the training rows thread by thread."""
    import sklearn

    chunk = sklearn.get_config()["pairwise_dist_chunk_size"]
    return any(
        getattr(one, "_fit_method", None) == "brute" and one.n_samples_fit_ > chunk
        for one in nested(estimator)
    )


def on_threads(reference: Reference, rows: Rows) -> Iterator[tuple[int, Answers]]:
    """The answers to the rows on one thread, then on two."""
    from threadpoolctl import threadpool_limits

    for count in THREADS:
        with threadpool_limits(count, user_api="openmp"):
            parts = [reference.answers(rows[i : i + BATCH]) for i in range(0, len(rows), BATCH)]
        yield count, {o.name: np.concatenate([p[o.name] for p in parts]) for o in reference.outputs}
