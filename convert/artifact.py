"""A proven model: its graph, its contract and its golden vectors, and how it is signed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convert.progress import Progress, quiet
from edge_infer.contract import Contract, write_contract
from edge_infer.staging import staged_directory
from edge_infer.trust import SIGNATURE_NAME
from edge_infer.trust.signing import sign_tree

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from convert.prove.details import Details
    from convert.report import Timing
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
    native: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Compiled models by their path within the artifact, as `contract.native` names them."""
    probes: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)
    """`(n, f)` rows of the proof, tried again on compiled models; they are not written."""
    origin: Origin | None = None
    """None where the estimator was in memory."""
    details: Details | None = field(default=None, repr=False, compare=False)
    """What the proof saw, for `report`; it is not written."""
    baseline: Timing | None = field(default=None, repr=False, compare=False)
    """scikit-learn's own latency, where the process that unpickles was asked to measure it."""

    @property
    def files(self) -> dict[str, bytes]:
        """Name to content of every file but the signature."""
        return {
            "contract.json": write_contract(self.contract),
            "golden.bin": self.golden,
            "model.onnx": self.onnx,
            **self.native,
        }

    def compiled(
        self,
        targets: str | tuple[str, ...],
        *,
        max_bytes: int | None = None,
        progress: Progress = quiet,
    ) -> Artifact:
        """The same artifact with the graph compiled for `targets`, each tried where it can run.

        Args:
            targets: `host`, `all` or target names, as in `edge-infer convert --native`.
            max_bytes: the largest compiled model that a device takes.
            progress: called with a stage and the fraction done.

        Raises:
            Unsupported: an operator has no native form.
            BadInput: no such target, or a compiled model is too large.
            Unavailable: a compiler is missing or fails; its message is shown.
            NotExact: a compiled model answers otherwise than the proven graph.
        """
        from convert.native.build import build

        built = build(
            self.onnx,
            self.contract,
            self.golden,
            targets,
            probes=self.probes,
            max_bytes=max_bytes,
            progress=progress,
        )
        return replace(self, contract=built.contract, native=built.files)

    def report(
        self,
        path: str | os.PathLike[str],
        *,
        estimator: Any = None,
        samples: Any = None,
        key: SigningKey | None = None,
    ) -> Path:
        """Write a self-contained HTML page on the proof, for the person who signs it off.

        Args:
            path: file to write, where nothing is yet.
            estimator: what was exported, to measure scikit-learn's latency beside the engines'.
            samples: rows such as the device will see; without them no latency is measured.
            key: what signs the artifact, to show its fingerprint.

        Raises:
            BadInput: `path` exists, or there is no place for it.
            Unavailable: the disk is full or refuses.
        """
        from convert.report import write_report

        return write_report(self, path, estimator=estimator, samples=samples, key=key)

    def emit_c(self, out: str | os.PathLike[str]) -> None:
        """Make the directory `out` with `edge_model.c` and `edge_model.h`, for firmware.

        Raises:
            Unsupported: an operator has no native form.
            BadInput: `out` exists.
            Unavailable: the disk is full or refuses.
        """
        from convert.native.build import emit_source
        from convert.native.files import write_source

        write_source(emit_source(self.onnx, self.contract), out)

    def write(
        self,
        path: str | os.PathLike[str],
        *,
        key: SigningKey,
        native: str | tuple[str, ...] | None = None,
    ) -> Path:
        """Write and sign the directory `path`, whole or not at all.

        Args:
            path: where nothing is yet.
            key: the private key (`fleet.key`) whose public half the devices trust.
            native: compile the graph as well: `host`, `all` or target names.

        Raises:
            BadInput: `path` exists, or the key cannot be used.
            Unavailable: the disk is full or refuses.
            EdgeInferError: whatever `compiled` raises.
        """
        if native is not None:
            return self.compiled(native).write(path, key=key)
        files = self.files
        path = Path(path)
        signature = sign_tree(files, key=key, name=path.name)
        with staged_directory(path) as staging:
            for name, content in {**files, SIGNATURE_NAME: signature}.items():
                (staging / name).parent.mkdir(exist_ok=True)
                (staging / name).write_bytes(content)
                if name in self.native and not name.endswith(".so"):
                    (staging / name).chmod(0o755)
        return path
