"""What is said where a model does not serve a verb, or not for a row."""

from __future__ import annotations

from edge_infer.errors import BadInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_infer.contract.schema import Certificate

LOGARITHMS_OF_PROBABILITIES = frozenset(
    (
        "AdaBoostClassifier", "ClassifierChain", "DecisionTreeClassifier", "DummyClassifier",
        "ExtraTreeClassifier", "ExtraTreesClassifier", "GradientBoostingClassifier",
        "LogisticRegression", "LogisticRegressionCV", "MLPClassifier", "NuSVC",
        "RandomForestClassifier", "SGDClassifier", "SVC",
    )
)  # fmt: skip
"""Classes whose `predict_log_proba` is `np.log(predict_proba)`, -inf where that is 0.

The others sum logarithms, as naive Bayes does: -800 where the probability is 0 in double.
"""
SMALLEST_NORMAL = 2.2250738585072014e-308


def check_logarithms(estimator: str, least: float) -> None:
    """The smallest probability has a logarithm that is the estimator's own.

    Raises:
        BadInput: it is too small for a double, and the estimator has other logarithms than ours.
    """
    last = estimator.rpartition(" -> ")[2].rpartition(".")[2]
    if least < SMALLEST_NORMAL and last not in LOGARITHMS_OF_PROBABILITIES:
        raise BadInput(
            f"the logarithm of a probability that is too small for a double is not known of {last}",
            expected=f"rows whose probabilities are {SMALLEST_NORMAL!r} or more",
            actual=repr(least),
            hint="take predict_proba, or leave out that row",
        )


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
