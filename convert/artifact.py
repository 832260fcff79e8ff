"""A proven model: its graph, its contract and its golden vectors, and how it is signed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer.contract import Contract, write_contract
from edge_infer.staging import staged_directory
from edge_infer.trust import SIGNATURE_NAME
from edge_infer.trust.signing import sign_tree

if TYPE_CHECKING:
    import os

    from edge_infer.trust.signing import SigningKey


@dataclass(frozen=True)
class Origin:
    """How the pickle was let in. It stays on the workstation."""

    authorised_by: str
    """The key's fingerprint, or the name of the shared secret."""
    signed: bool
    """False where a shared secret authenticated it: whoever can check that can forge it."""
    confinement: tuple[str, ...]
    """What held the process that unpickled, beside its resource limits."""


@dataclass(frozen=True)
class Artifact:
    """What `convert.export` returns: in memory, proven, not signed yet."""

    contract: Contract
    onnx: bytes = field(repr=False)
    golden: bytes = field(repr=False)
    origin: Origin | None = None
    """None where the estimator was in memory."""

    @property
    def files(self) -> dict[str, bytes]:
        """Name to content of every file but the signature."""
        return {
            "contract.json": write_contract(self.contract),
            "golden.bin": self.golden,
            "model.onnx": self.onnx,
        }

    def write(self, path: str | os.PathLike[str], *, key: SigningKey) -> Path:
        """Write and sign the directory `path`, whole or not at all.

        Args:
            path: where nothing is yet.
            key: the private key (`fleet.key`) whose public half the devices trust.

        Raises:
            BadInput: `path` exists, or the key cannot be used.
            Unavailable: the disk is full or refuses.
        """
        files = self.files
        path = Path(path)
        signature = sign_tree(files, key=key, name=path.name)
        with staged_directory(path) as staging:
            for name, content in {**files, SIGNATURE_NAME: signature}.items():
                (staging / name).write_bytes(content)
        return path
