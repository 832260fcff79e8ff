"""Proof that a graph predicts what the estimator predicts, or the refusal that says why not.

    proof = prove(estimator, emitted, samples, progress=quiet)

The estimator's own verbs are the reference. It is asked what it accepts (`policy`), then both
answer the user's samples and rows made to tell them apart (`rows`, gathered by `probes`): in one
batch, in small ones, row by row. Scores must agree within a declared bound and labels must be
equal (`compare`), except where rounding alone decides (`rounding`). One row that departs refuses
the graph (`diagnosis`); otherwise what was seen becomes the certificate and the golden vectors.
"""

from __future__ import annotations

from convert.prove.proof import Proof, prove

__all__ = ["Proof", "prove"]
