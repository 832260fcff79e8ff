"""What is said where a model does not serve a verb."""

from __future__ import annotations

from edge_infer.errors import BadInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_infer.contract.schema import Certificate


def not_served(verb: str, verbs: Sequence[str], certificate: Certificate) -> BadInput:
    """The error for a verb outside `verbs`; of the certificate's notes, those about that verb."""
    # predict_log_proba is the logarithm of predict_proba, and missing for the same reason.
    names = (verb, "predict_proba") if verb == "predict_log_proba" else (verb,)
    why = [note for note in certificate.notes if note.partition(" ")[0].rstrip(":") in names]
    return BadInput(
        f"this model has no {verb}",
        expected=" or ".join(verbs),
        actual=verb,
        hint="; ".join(why) or f"use {verbs[0]}, or another estimator",
    )
