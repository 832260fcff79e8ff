"""Train a face detector from crops of faces and pictures without any, and sign it.

    python -m examples.camera.train_faces --crops FACES… --backgrounds FOLDER --out DETECTOR

Takes what `faces/training/crops.py` says of crops; of ten backgrounds one is kept from training to
choose the threshold, and two to measure. What comes out is used with
`--faces DETECTOR --trust DETECTOR/trainer.pub`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import convert
import edge_infer
from examples.camera.faces.detector import MODELS, PUBLIC_KEY, FaceDetector
from examples.camera.faces.features import VERSION, Floats
from examples.camera.faces.settings import NAME, Settings, model_name, write_settings
from examples.camera.faces.training.backgrounds import (
    background_files,
    divided,
    read_grey,
    varied_backgrounds,
)
from examples.camera.faces.training.calibration import false_scores, threshold
from examples.camera.faces.training.crops import crop_rows, read_crops
from examples.camera.faces.training.drawn import drawing
from examples.camera.faces.training.fitting import LEAST, fit_scan, passing
from examples.camera.faces.training.judge import DOUBT, fit_judge

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline
    from sklearn.svm import LinearSVC

    from examples.camera.faces.features import Grey

FACE = (0.073, 0.067, 0.923, 0.917)
"""What is reported of a window: between the head that crops show and the usual tight boxes."""
STEP = 1.2
"""Of the pyramid; 1.15 takes a fifth longer and finds hardly more."""
FACE_ROWS = 36_000
"""Crops are varied until there are about so many."""
MOST_COPIES = 20
DRAWINGS = 120
SMALLEST = 36
"""Faces searched for to find the threshold: smaller ones than in use, to be on the safe side."""
SAMPLES = 100
"""Faces, and others, on which parity is proven, beside hostile rows."""
FALSE_POSITIVES = 0.02
"""Allowed in a picture without faces at the threshold: of drawings, which fool it most."""
KEPT_OUT = 200
"""Pictures that choose the threshold: the backgrounds kept for it, the rest drawings."""


def main(argv: list[str] | None = None) -> int:
    """Train; return the exit code."""
    options = _parser().parse_args(argv)
    try:
        train(
            options.crops,
            options.backgrounds,
            options.out,
            key=options.key,
            native=options.native,
            drawings=options.drawings,
        )
    except edge_infer.EdgeInferError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def train(
    crops: list[Path],
    backgrounds: Path,
    out: Path,
    *,
    key: Path | None,
    native: str | None,
    drawings: int,
) -> None:
    """Make the directory `out`: `detector.json`, the signed models, the public key.

    Raises:
        BadInput: no crops, too few backgrounds, or `out` exists.
        NotExact: the conversion could not be proven.
    """
    if out.exists():
        raise edge_infer.BadInput(f"{out} exists", hint="name a directory that is to be made")
    rng = np.random.default_rng(0)
    read = read_crops(crops)
    files = background_files(backgrounds)
    lessons, calibrating, _ = divided(files)
    kept_out = [read_grey(f) for f in calibrating]
    pictures = [v for f in lessons for v in varied_backgrounds(read_grey(f), rng)]
    pictures += [drawing(rng) for _ in range(drawings)]
    _say(f"{len(read):,} crops, {len(lessons)} backgrounds, {drawings} drawings")
    faces = crop_rows(read, min(round(FACE_ROWS / len(read)) - 1, MOST_COPIES), rng)
    scan, others = fit_scan(faces, pictures, rng, _say)
    passed = passing(scan, faces), passing(scan, others)
    _say(f"{len(passed[0]):,} faces and {len(passed[1]):,} others for the second model")
    judge = fit_judge(*passed)
    kept_out += [drawing(rng) for _ in range(min(KEPT_OUT - len(kept_out), 2 * drawings))]
    settings = _calibrated(scan, judge, kept_out)
    with tempfile.TemporaryDirectory() as folder:
        signing = key or _new_key(Path(folder))
        _publish({"scan": scan, "judge": judge}, passed, settings, out, signing, native)


def _calibrated(scan: LinearSVC, judge: Pipeline, kept_out: list[Grey]) -> Settings:
    settings = Settings(VERSION, STEP, LEAST, DOUBT, 0.0, FACE)
    detector = FaceDetector(scan, judge, settings, smallest=SMALLEST, min_score=0.0)
    scores = false_scores(detector, kept_out)
    silent = threshold(scores, len(kept_out), allowed=FALSE_POSITIVES)
    _say(f"threshold {silent:.3f} on {len(kept_out)} pictures")
    return replace(settings, min_score=round(silent, 3))


def _publish(
    models: dict[str, Any],
    passed: tuple[Floats, Floats],
    settings: Settings,
    out: Path,
    key: Path,
    native: str | None,
) -> None:
    content = write_settings(settings)
    samples = np.concatenate([rows[:: len(rows) // SAMPLES + 1] for rows in passed])
    out.mkdir(parents=True)
    for part in MODELS:
        _say(f"proving {part}")
        artifact = convert.export(
            models[part], samples.astype(np.float64), name=model_name(content)
        )
        artifact.write(out / part, key=str(key), native=native)
    (out / NAME).write_bytes(content)
    (out / PUBLIC_KEY).write_bytes(key.with_suffix(".pub").read_bytes())
    _say(f"{out}: signed and proven")


def _new_key(folder: Path) -> Path:
    """A key that signs this detector alone and is forgotten: nobody can sign another with it."""
    name = folder / "trainer"
    # What keygen says, to keep the private key, holds for no key that is forgotten.
    command = [sys.executable, "-m", "edge_infer", "keygen", str(name)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return name.with_suffix(".key")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.camera.train_faces", description="Train a face detector."
    )
    parser.add_argument("--crops", nargs="+", type=Path, required=True, metavar="FACES")
    parser.add_argument("--backgrounds", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, metavar="DETECTOR")
    parser.add_argument("--key", type=Path, help="signs it; a new one is made and forgotten else")
    parser.add_argument(
        "--drawings",
        type=int,
        default=DRAWINGS,
        metavar="N",
        help=f"pictures to draw and learn from, beside the backgrounds; {DRAWINGS} unless said",
    )
    parser.add_argument(
        "--native", metavar="TARGETS", help="compile for these as well: host, x86_64,aarch64 …"
    )
    return parser


def _say(line: str) -> None:
    print(f"{time.process_time():7.1f} s  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
