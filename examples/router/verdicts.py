"""What the model said of a flow; enforcement and reports take nothing else."""

from __future__ import annotations

from typing import Literal, NamedTuple

LEFT_OUT = "reasons left out"
"""So `why` begins where flows like this one, or of its source, were explained just before."""


def is_left_out(why: list[str]) -> bool:
    """Whether these are no reasons, but the word that they are left out."""
    return not why or why[0].startswith(LEFT_OUT)


class Verdict(NamedTuple):
    """One flow, judged: a tuple, as thousands are made a second."""

    flow: tuple[str, str, int, int, str]
    """Source, destination, their ports (0 where there are none) and the protocol's name."""

    first: float
    """Time of the first packet, seconds since 1970."""

    last: float
    """Time of the last packet that was seen, seconds since 1970."""

    score: float
    """The model's probability that the flow is malicious, 0 to 1."""

    verdict: Literal["malicious", "benign"]
    """What the model's own operating point makes of the score."""

    why: list[str]
    """What speaks for the verdict, the strongest reason first."""

    latency_ms: float
    """From the packet that asked for the verdict to the verdict."""

    source: str
    """Address that opened the flow."""

    opening: Literal["seen", "inferred", "unknown"] = "seen"
    """Whether it was seen to: `inferred` from an answer, or `unknown`, the flow being under way."""

    by: Literal["model", "source"] = "model"
    """Whether the model says so of the flow itself, or it is so because its source was caught."""
