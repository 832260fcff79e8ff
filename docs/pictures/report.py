"""The head of a proof's report as a browser shows it, into docs/report.png.

The model is the one of docs/converting.md. Needs Chromium (`packages.debian` names it).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

import convert

PICTURE = Path(__file__).parents[1] / "report.png"
WIDTH, HEIGHT = 920, 2060
"""The head of the page: what was proven, the probes by kind, the first hostile rows."""

COLORS = 64


def main() -> int:
    """Prove the model, open its report, keep the picture."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no chromium: install it to draw docs/report.png", file=sys.stderr)
        return 1
    X, y = load_digits(return_X_y=True)
    estimator = SGDClassifier(loss="log_loss", random_state=0).fit(X, y)
    artifact = convert.export(estimator, X, name="digits")
    with tempfile.TemporaryDirectory() as folder:
        report, shot = Path(folder) / "report.html", Path(folder) / "report.png"
        artifact.report(report, estimator=estimator, samples=X)
        command = [
            *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            f"--user-data-dir={folder}/profile",
            f"--window-size={WIDTH},{HEIGHT}",
            f"--screenshot={shot}",
            report.as_uri(),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603
        with Image.open(shot) as taken:
            few = taken.convert("RGB").quantize(COLORS)
    few.save(PICTURE, optimize=True)
    print(f"{PICTURE.name}: {few.width} x {few.height}, {PICTURE.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
