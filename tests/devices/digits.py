"""The digits, their bundles for every machine, and the page that says what was seen."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

import convert
import firmware_bundle
from edge_infer.trust.keygen import generate

if TYPE_CHECKING:
    import subprocess

    from numpy.typing import NDArray

PAGE = Path(__file__).parents[2] / "docs" / "devices.md"


@dataclass(frozen=True)
class Digits:
    """A proven model of the digits, and a folder of keys and bundles."""

    folder: Path
    rows: NDArray[np.float64]
    labels: NDArray[np.int64]
    """What scikit-learn predicts for the rows."""
    artifact: convert.Artifact

    def card(self, target: str, folder: Path, *, native: str | None, wheels: bool = False) -> Path:
        """A folder as on an SD card: the bundle, the key, the rows."""
        proven = self.folder / f"artifact-{native}"
        if not proven.exists():
            self.artifact.write(proven, key=self.folder / "fleet.key", native=native)
        made = firmware_bundle.bundle(
            proven, self.folder / f"bundle-{target}-{native}",
            key=self.folder / "fleet.key", trust=self.folder / "fleet.pub",
            target=target, wheels=wheels,
        )  # fmt: skip
        shutil.copytree(made, folder / "bundle")
        shutil.copy(self.folder / "fleet.pub", folder)
        np.save(folder / "rows.npy", self.rows)
        np.savetxt(folder / "rows.csv", self.rows, fmt="%.17g", delimiter=",")
        return folder


def make_digits(folder: Path) -> Digits:
    """Train, prove, and make a key."""
    generate(folder / "fleet")
    X, y = load_digits(return_X_y=True)
    estimator = SGDClassifier(loss="log_loss", random_state=0).fit(X, y)
    return Digits(folder, X, estimator.predict(X), convert.export(estimator, X, name="digits"))


def succeed(done: subprocess.CompletedProcess[str]) -> str:
    """What it printed."""
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout


def count(folder: Path) -> tuple[int, int]:
    """Files and their bytes."""
    files = [p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()]
    return len(files), sum(p.stat().st_size for p in files)


def write_page(mark: str, lines: list[str]) -> None:
    """Put what this run saw between `<!-- mark -->` and the next `<!-- end -->`."""
    page = PAGE.read_text("utf-8")
    place = re.compile(rf"(<!-- {mark} -->\n).*?(\n<!-- end -->)", re.DOTALL)
    assert place.search(page), "the page has a place for the figures"
    text = "\n".join(lines)
    PAGE.write_text(place.sub(lambda found: found[1] + text + found[2], page), "utf-8")
