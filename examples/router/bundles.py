"""The bundle that is shipped, and how any bundle is opened."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import edge_infer
from examples.router.judge import Judge

if TYPE_CHECKING:
    import os

SHIPPED = Path(__file__).parent / "models" / "bundle"
SHIPPED_KEY = Path(__file__).parent / "models" / "router.pub"


def open_judge(
    bundle: str | os.PathLike[str] | None = None,
    *,
    trust: str | os.PathLike[str] | None = None,
    engine: str | None = None,
    one_by_one: bool = False,
) -> Judge:
    """A judge on a bundle, verified against `trust`: the shipped ones where none are named.

    One that is asked `one_by_one` has the native engine where the bundle holds it for this machine
    and no other `engine` is named: a row alone takes it half the time.

    Raises:
        Untrusted: the key does not vouch for every byte.
        Incompatible: it is a model of other features.
        BadInput: there is no such directory.
        Unavailable: the engine is not installed.
    """
    where, key = bundle or SHIPPED, str(trust or SHIPPED_KEY)
    if one_by_one and engine is None:
        with suppress(edge_infer.Unavailable):
            return Judge(edge_infer.load(where, trust=key, engine="native"))
    return Judge(edge_infer.load(where, trust=key, engine=engine))
