"""Whether a graph that leaves the ties of a search out is served, or the longer one with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convert.errors import NotExact
from convert.estimators.nesting import nested

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.emitted import Emitted
    from convert.prove import Proof

    Proven = tuple[Emitted, Proof]

MOST_STEPS = 256
"""Of a search, for which a longer graph is tried though the brief one proves: seconds of proof."""
FEW = 0.01
"""Share of the probes on which a brief graph may give another of the undecided answers. They are
led to where these are: among all rows between two training rows there are ten times fewer."""


def fewest_excused(
    estimator: Any,
    brief: Emitted,
    tried: Callable[[Emitted], Proven],
    tried_longer: Callable[[], Proven],
) -> Proven:
    """The brief graph where it proves with hardly an excuse; else whichever has fewer of them.

    `tried` proves the brief graph, or another in its place, and `tried_longer` the longer one.

    Raises:
        NotExact: neither proves.
    """
    try:
        first = tried(brief)
    except NotExact as error:
        if not brief.is_shortened or not error.is_of_graph:
            raise
        return tried_longer()
    proof = first[1]
    few = 0.0 if _means_by_brute_force(estimator, brief) else FEW
    probes = sum(probe.rows for probe in proof.certificate.probes)
    if not 0 < brief.left_out <= MOST_STEPS or proof.excused <= few * probes:
        return first
    try:
        second = tried_longer()
    except NotExact:
        return first
    return second if second[1].excused < proof.excused else first


def _means_by_brute_force(estimator: Any, emitted: Emitted) -> bool:
    """Whether means of neighbours jump at ties, of which a product of matrices makes many."""
    if any(output.kind == "label" for output in emitted.outputs):
        return False
    return any(getattr(one, "_fit_method", None) == "brute" for one in nested(estimator))
