"""A double graph as a float32 graph: smaller and faster, and proven as such or refused.

    emitted, proof = prove_single(estimator, emitted, rows, prove)

What decides in double stays in double: scaling column by column, comparisons with the input, and
whatever leads to a tree. The rest is cast. `convert.prove` then shows that the labels are equal.
"""

from __future__ import annotations

from convert.single.driver import prove_single
from convert.single.rewrite import in_single

__all__ = ["in_single", "prove_single"]
