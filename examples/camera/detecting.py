"""`python -m examples.camera detect IMAGE…`: the faces of pictures, a line each."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np

from edge_infer import BadInput, EdgeInferError
from examples.camera.faces.detector import Face, open_detector

SMALLEST = 27
"""Smaller than on live frames: a picture may take its time. It finds faces of 24 pixels a side."""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    try:
        detector = open_detector(
            options.faces,
            trust=options.trust,
            engine=options.engine,
            smallest=options.smallest,
            min_score=options.min_score,
        )
    except EdgeInferError as error:
        return _refused(error)
    worst = 0
    for image in options.images:
        try:
            faces = detector.detect(read_image(image))
        except EdgeInferError as error:
            worst = _refused(error)
            continue
        print(_as_json(image, faces) if options.json else _as_text(image, faces), flush=True)
    return worst


def read_image(path: str) -> np.ndarray:
    """A picture file, upright as its EXIF says, as BGR uint8 `(h, w, 3)`.

    Of 16 bits the upper 8 are kept; transparency is left out.

    Raises:
        BadInput: there is no such file, or it is not a picture that OpenCV reads.
    """
    file = Path(path)
    if not file.is_file():
        raise BadInput(
            f"there is no picture {path!r}",
            expected="a file",
            actual="a directory" if file.is_dir() else "nothing of that name",
            hint="name the files, such as FOLDER/*.png" if file.is_dir() else "check the path",
        )
    content = np.frombuffer(file.read_bytes(), np.uint8)
    try:
        frame = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    except cv2.error:
        frame = None
    if frame is None:
        raise BadInput(
            f"{path!r} is not a picture",
            expected="PNG, JPEG or what else OpenCV reads, of at most 134 million pixels",
            hint="leave it out, or convert it to a smaller PNG",
        )
    return np.asarray(frame, np.uint8)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.camera detect", description="Find faces in pictures."
    )
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--min-score", type=float, metavar="S", help="least score of a face")
    parser.add_argument(
        "--smallest",
        type=int,
        default=SMALLEST,
        metavar="PIXELS",
        help=f"side of the smallest face to find; {SMALLEST} unless said",
    )
    parser.add_argument(
        "--faces",
        default="shipped",
        metavar="DETECTOR",
        help="shipped, yunet=FILE, or a directory that train_faces wrote",
    )
    parser.add_argument("--trust", metavar="KEY.pub", help="public key of that directory")
    parser.add_argument("--engine", choices=("onnxruntime", "native"))
    return parser


def _as_json(image: str, faces: list[Face]) -> str:
    found = [{"box": list(face.box), "score": face.score} for face in faces]
    return json.dumps({"image": image, "faces": found})


def _as_text(image: str, faces: list[Face]) -> str:
    found = "; ".join(
        f"{face.score:.2f} at {', '.join(f'{edge:.0f}' for edge in face.box)}" for face in faces
    )
    return f"{image}: {found or 'no face'}"


def _refused(error: EdgeInferError) -> int:
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    return error.exit_code
