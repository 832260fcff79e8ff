"""The main job: a signed scikit-learn pickle becomes a bundle that a bare device runs offline.

Run it with `make demo`. Every step uses what a user would: the command `edge-infer`, scikit-learn
and a copy of a directory. The last line says how many labels differ; the exit code is 0 only
where none does and the tampered copy was refused.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

import edge_infer
from examples.command import CommandFailed
from examples.digits.device import Device, DeviceRefused, flip_one_byte, make_device
from examples.digits.pictures import draw, pixels
from examples.digits.report import Report
from examples.digits.updates import update
from examples.digits.workstation import Published, publish

ROOT = Path(__file__).parents[2]
PICTURES = 10


def main() -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(description="The main job on real handwritten digits.")
    parser.add_argument("--mnist", action="store_true", help="70,000 digits; needs a network")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work in a new DIR and keep it")
    parser.add_argument(
        "--device-python",
        type=Path,
        default=ROOT / ".device" / "bin" / "python",
        help="interpreter with numpy, onnxruntime and Pillow only",
    )
    options = parser.parse_args()
    try:
        if options.keep:
            options.keep.mkdir(parents=True)
            return run(options.keep.resolve(), options.device_python, mnist=options.mnist)
        with tempfile.TemporaryDirectory(prefix="digits-") as folder:
            return run(Path(folder).resolve(), options.device_python, mnist=options.mnist)
    except edge_infer.EdgeInferError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    except (CommandFailed, DeviceRefused) as error:
        print(error, file=sys.stderr)
        return 1


def run(folder: Path, device_python: Path, *, mnist: bool) -> int:
    """Publish on the workstation, predict on the device, tamper, update; print the table."""
    report = Report(total=13)
    published = publish(report, folder, mnist=mnist)
    with report.step("copy to the device") as step:
        device = make_device(folder / "device", device_python)
        bundle = device.copy(published.bundle, published.trust)
        step.result = "not there: " + ", ".join(device.missing())
    differ = predict_pictures(report, device, bundle, published)
    differ += predict_rows(report, device, bundle, published)
    refused = tamper(report, device, bundle, published)
    differ += update(report, device, bundle, published)
    print(report.table())
    print(f"{differ} labels differ")
    return 0 if refused and differ == 0 else 1


def predict_pictures(report: Report, device: Device, bundle: Path, published: Published) -> int:
    """Predict held-out digits from PNG files; return how many labels differ.

    Wanted is what scikit-learn predicts for the very row that the picture decodes to.
    """
    digits = published.digits
    truth = digits.held_out_labels[:PICTURES]
    with report.step("predict pictures") as step:
        files = [device.folder / f"digit-{i}.png" for i in range(PICTURES)]
        for file, row in zip(files, digits.held_out, strict=False):
            draw(row, file, digits)
        want = published.estimator.predict(np.stack([pixels(file, digits) for file in files]))
        got = device.labels(bundle, published.trust, *files)
        differ = int(np.sum(got != want))
        step.result = f"{differ} of {PICTURES} labels differ; network cut by {device.cut_by}"
    for who, labels in (("drawn", truth), ("scikit-learn", want), ("device", got)):
        print(f"    {who:<13}", *labels)
    return differ


def predict_rows(report: Report, device: Device, bundle: Path, published: Published) -> int:
    """Predict every row; return how many labels differ from scikit-learn's."""
    with report.step("predict all rows") as step:
        file = device.folder / "rows.npy"
        np.save(file, published.rows)
        want = published.estimator.predict(published.rows)
        differ = int(np.sum(device.labels(bundle, published.trust, file) != want))
        held_out = len(published.digits.held_out)
        step.result = f"{differ} of {len(want):,} labels differ, {held_out:,} of them held out"
    return differ


def tamper(report: Report, device: Device, bundle: Path, published: Published) -> bool:
    """Flip one byte of the copy, and back; return whether the device refused it."""
    with report.step("flip one byte") as step:
        offset = flip_one_byte(bundle / "artifact" / "model.onnx")
        answer = device.predict(bundle, published.trust, device.folder / "digit-0.png")
        refused = (
            answer.exit_code == edge_infer.Untrusted.exit_code
            and json.loads(answer.output)["error"] == edge_infer.Untrusted.__name__
        )
        step.result = f"byte {offset:,} of the copied model: " + (
            f"refused, Untrusted, exit {answer.exit_code}" if refused else "ACCEPTED"
        )
        flip_one_byte(bundle / "artifact" / "model.onnx")
    return refused


if __name__ == "__main__":
    sys.exit(main())
