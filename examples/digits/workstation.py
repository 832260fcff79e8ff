"""What happens on the workstation: from the training to a bundle that may leave the house."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from examples.command import edge_infer_command
from examples.digits.naive import naive_labels
from examples.digits.report import Report, size
from examples.digits.train import Digits, dump, fit, mnist_digits, small_digits

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Published:
    """A bundle, the key that vouches for it, and what its device has to reproduce."""

    bundle: Path
    trust: Path
    digits: Digits
    estimator: Any
    rows: np.ndarray
    """(n, f): every row whose label is compared."""


def publish(report: Report, folder: Path, *, mnist: bool) -> Published:
    """Train, sign, convert, prove and bundle, each step a line of the report."""
    with report.step("train, dump, gzip") as step:
        digits = mnist_digits() if mnist else small_digits()
        estimator = fit(digits)
        pickle = folder / f"{digits.name}.pkl.gz"
        dump(estimator, pickle)
        np.save(folder / "samples.npy", digits.train)
        step.result = f"{len(digits.train):,} digits learned, {len(digits.held_out):,} held out"

    with report.step("sign the pickle") as step:
        trainer, fleet = folder / "trainer", folder / "fleet"
        edge_infer_command("keygen", trainer)
        edge_infer_command("keygen", fleet)
        edge_infer_command("sign", pickle, "--key", f"{trainer}.key")
        step.result = f"{pickle.name}, {size(pickle)}, ECDSA P-256"

    rows = digits.held_out if mnist else np.concatenate([digits.held_out, digits.train])
    with report.step("convert naively") as step:
        wrong = int(np.sum(naive_labels(estimator, rows) != estimator.predict(rows)))
        step.result = f"{wrong:,} of {len(rows):,} labels differ, and nothing says so"

    with report.step("convert and prove") as step:
        artifact = folder / "artifact"
        edge_infer_command(
            "convert", pickle, "--trust", f"{trainer}.pub", "--key", f"{fleet}.key",
            "--samples", folder / "samples.npy", "--image", digits.image, "--out", artifact,
        )  # fmt: skip
        step.result = _proven(artifact)

    with report.step("bundle") as step:
        bundle = folder / "bundle"
        edge_infer_command(
            "bundle", artifact, "--key", f"{fleet}.key", "--trust", f"{fleet}.pub",
            "--out", bundle,
        )  # fmt: skip
        step.result = f"{size(bundle)}, of it the model {size(artifact / 'model.onnx')}"
    return Published(bundle, fleet.with_suffix(".pub"), digits, estimator, rows)


def next_release(folder: Path, published: Published) -> Path:
    """The same pickle published again, as release 2; the bundle."""
    artifact, bundle = folder / "artifact-2", folder / "bundle-2"
    digits, fleet = published.digits, published.trust.with_suffix("")
    edge_infer_command(
        "convert", folder / f"{digits.name}.pkl.gz", "--trust", folder / "trainer.pub",
        "--key", f"{fleet}.key", "--samples", folder / "samples.npy", "--image", digits.image,
        "--sequence", "2", "--out", artifact,
    )  # fmt: skip
    edge_infer_command(
        "bundle", artifact, "--key", f"{fleet}.key", "--trust", published.trust, "--out", bundle
    )
    return bundle


def _proven(artifact: Path) -> str:
    certificate = json.loads((artifact / "contract.json").read_bytes())["certificate"]
    labels = next(p for p in certificate["parity"] if p["output"] == "label")
    return (
        f"{labels['differ']} of {labels['compared']:,} probes differ, "
        f"{labels['undecided']:,} undecided"
    )
