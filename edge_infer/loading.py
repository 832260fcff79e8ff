"""`edge_infer.load`, apart from what it needs, so that importing the package stays cheap."""

from __future__ import annotations

from os import path as os_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from edge_infer.model import Model
    from edge_infer.trust import Trust


def load(
    path: str | os.PathLike[str],
    *,
    trust: Trust | None = None,
    engine: str | None = None,
    health: Callable[[Model], object] | None = None,
) -> Model:
    """Load an artifact or a bundle: verified, self-tested, ready to predict.

    `trust` is the public key file of whoever signed the directory (or several of them, or
    parsed keys); `engine` forces an engine. An expired artifact loads: its date is in
    `Model.contract.expires`, for whoever decides.

    `path` may be a root that `edge-infer install` made. It pins its keys, so `trust` may be left
    out; the active version serves. A new version has to pass its golden vectors, and `health`
    where one is given: it takes the model and fails by raising or returning False. After three
    starts that did not end well, the version before serves again.

    Raises:
        Untrusted: no trusted key vouches for every byte, or none is named or pinned, or
            the named one vouches for no version of a root.
        Incompatible: its format, this machine's runtime release or a golden vector differs.
        BadInput: there is no such directory or engine.
        Unavailable: this machine lacks the engine, or no version of a root can serve.
    """
    from edge_infer.artifact import ROOT_MARK, open_artifact, read_artifact

    if os_path.isdir(os_path.join(path, ROOT_MARK)):  # noqa: PTH112, PTH118 - pathlib costs more
        from edge_infer.slots import is_root, open_root

        if is_root(path):
            return open_root(path, trust=trust, engine=engine, health=health)
    return open_artifact(read_artifact(path, trust=trust, engine=engine), engine=engine)
