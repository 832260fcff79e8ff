"""From a fitted estimator to a bundle: a signed pickle, a proven artifact, a signed directory.

The same commands that a user types. The keys are made here and the private ones are left in the
folder of the caller, who decides whether they outlive it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from examples.command import edge_infer_command

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NATIVE = "host"


def publish(
    estimator: Any,
    samples: NDArray[np.float64],
    folder: Path,
    out: Path,
    *,
    native: str = NATIVE,
    sequence: int = 1,
) -> Path:
    """Sign, convert, compile and bundle into `out`; the public key file beside it.

    Args:
        estimator: fitted on a data frame, so that the contract names the columns.
        samples: `(n, f)` rows such as the device will see.
        folder: where the keys and what lies between are written.
        out: the directory to make; `out` with the suffix `.pub` is its key.
        native: targets to compile for, as `edge-infer convert --native` takes them.
        sequence: the number of this release.

    Raises:
        CommandFailed: a step refused.
    """
    pickle, rows = folder / "router.joblib", folder / "samples.npy"
    joblib.dump(estimator, pickle)
    np.save(rows, samples)
    trainer, publisher, artifact = folder / "trainer", folder / "publisher", folder / "artifact"
    for key in (trainer, publisher):
        if not key.with_suffix(".key").exists():
            edge_infer_command("keygen", key)
    edge_infer_command("sign", pickle, "--key", f"{trainer}.key")
    edge_infer_command(
        "convert", pickle, "--trust", f"{trainer}.pub", "--samples", rows, "--name", "router",
        "--key", f"{publisher}.key", "--sequence", str(sequence), "--native", native,
        "--out", artifact,
    )  # fmt: skip
    edge_infer_command(
        "bundle", artifact, "--key", f"{publisher}.key", "--trust", f"{publisher}.pub",
        "--out", out,
    )  # fmt: skip
    public = out.with_suffix(".pub")
    public.write_bytes(publisher.with_suffix(".pub").read_bytes())
    return public
