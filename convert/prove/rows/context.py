"""What the makers of probes know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.prove.policy import Policy
    from convert.prove.reference import Reference

    Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Context:
    """The estimator, what it accepts, and the user's samples `(n, f)` with their answers.

    Every maker draws from a generator seeded with `seed`, so that a proof can be repeated.
    """

    reference: Reference
    policy: Policy
    samples: Rows
    labels: NDArray[Any] | None
    """`(n,)`: equal where the predicted labels of two samples are; None where there are none."""
    seed: int
    decided_only: bool = False
    """Whether to keep just outside of where rounding decides, because nobody can tell where that
    is: labels of several targets that are no trees' votes."""

    def random(self) -> np.random.Generator:
        """A fresh generator of the fixed seed."""
        return np.random.default_rng(self.seed)

    def base(self, rng: np.random.Generator, count: int) -> Rows:
        """`count` samples drawn at random, as rows to alter."""
        return self.samples[rng.integers(len(self.samples), size=count)].copy()

    @property
    def features(self) -> int:
        """The f of `(n, f)`."""
        return int(self.samples.shape[1])


def spread(count: int, limit: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """All of `range(count)`, or `limit` of it at random, in order."""
    if count <= limit:
        return np.arange(count)
    return np.sort(rng.choice(count, size=limit, replace=False))
