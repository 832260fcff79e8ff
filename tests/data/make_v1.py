"""Make the frozen artifacts of format 1, once: `python tests/data/make_v1.py NEW-DIRECTORY`.

They are never made again, for what they show is that artifacts of old still load. The private key
that signs them lives in a temporary directory for as long as this takes; `fleet.pub` is kept.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier

import convert
from edge_infer.contract import Image

ROWS = 50


def main(out: Path) -> None:
    """Write `out`: two artifacts, the key that vouches for them, rows and expected answers."""
    X, y = load_digits(return_X_y=True)
    holes = np.where(np.random.default_rng(0).random(X.shape) < 0.05, np.nan, X)
    names = np.array(["even", "odd"])[y % 2]
    image = Image("X", "L", 8, 8, 0.0, 16.0, invert=False, resample="bilinear")
    linear = SGDClassifier(loss="log_loss", random_state=0).fit(X, y)
    forest = RandomForestClassifier(5, max_depth=4, random_state=0).fit(holes, names)
    out.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        stem = Path(folder) / "fleet"
        subprocess.run([sys.executable, "-m", "edge_infer", "keygen", stem], check=True)
        key = stem.with_suffix(".key")
        convert.export(linear, X, name="digits", image=image).write(out / "linear", key=key)
        convert.export(forest, holes, name="parity").write(out / "forest", key=key)
        shutil.copy(stem.with_suffix(".pub"), out / "fleet.pub")
    expected = {
        "linear": _answers(linear, X[:ROWS], ("predict_proba", "decision_function")),
        "forest": _answers(forest, holes[:ROWS], ("predict_proba",)),
    }
    (out / "expected.json").write_text(json.dumps(expected) + "\n", "utf-8")


def _answers(estimator: object, rows: np.ndarray, verbs: tuple[str, ...]) -> dict[str, list]:
    """Rows and scikit-learn's answers; NaN as None, for JSON has no NaN."""
    asked = {verb: getattr(estimator, verb)(rows).tolist() for verb in ("predict", *verbs)}
    holes = [[None if np.isnan(value) else value for value in row] for row in rows.tolist()]
    return {"rows": holes, **asked}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
