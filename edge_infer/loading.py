"""`edge_infer.load`, apart from what it needs, so that importing the package stays cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from edge_infer.model import Model
    from edge_infer.trust import Trust


def load(path: str | os.PathLike[str], *, trust: Trust, engine: str | None = None) -> Model:
    """Load an artifact or a bundle: verified, self-tested, ready to predict.

    `trust` is the public key file of whoever signed the directory (or several of them, or
    parsed keys); `engine` forces an engine. An expired artifact loads: its date is in
    `Model.contract.expires`, for whoever decides.

    Raises:
        Untrusted: no trusted key vouches for every byte.
        Incompatible: its format, this machine's runtime release or a golden vector differs.
        BadInput: there is no such directory or engine.
        Unavailable: this machine lacks the engine.
    """
    from edge_infer.artifact import open_artifact, read_artifact

    return open_artifact(read_artifact(path, trust=trust), engine=engine)
