"""The bundle that is shipped, and how any bundle is opened."""

from __future__ import annotations

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
) -> Judge:
    """A judge on a bundle, verified against `trust`: the shipped ones where none are named.

    Raises:
        Untrusted: the key does not vouch for every byte.
        Incompatible: it is a model of other features.
        BadInput: there is no such directory.
        Unavailable: the engine is not installed.
    """
    model = edge_infer.load(bundle or SHIPPED, trust=str(trust or SHIPPED_KEY), engine=engine)
    return Judge(model)
