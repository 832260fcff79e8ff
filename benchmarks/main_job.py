"""The numbers of the main job, measured in one run on this machine: `make bench`.

Medians and ratios; what a figure has to reach stands beside it. A missed figure is marked, and
never changes the exit code: timing is for people to judge. A label that differs does.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import cold_start
import joblib
import latency
import parity
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

import convert

ROOT = Path(__file__).parents[1]


def machine() -> str:
    """Processor, system and the versions that matter."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].partition(":")[2].strip() + f", {len(names)} cores" if names else cpu
    packages = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "numpy")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
    return f"{cpu}; {platform.system()}; Python {platform.python_version()}; {versions}"


def main() -> int:
    """Measure and print; `--json FILE` keeps the figures."""
    parser = argparse.ArgumentParser(description="The numbers of the main job.")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--device-python", type=Path, default=ROOT / ".device/bin/python")
    options = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        edge_infer_command("keygen", folder / "fleet")
        key, trust = folder / "fleet.key", folder / "fleet.pub"
        exact = list(parity.measure(key, trust))
        print("\n" + parity.table(exact), flush=True)
        fast = list(latency.measure(key, trust))
        print("\n" + latency.table(fast), flush=True)
        start = measure_cold_start(folder, key, trust, options.device_python)
        print("\n" + cold_start.table(start))
    wrong = sum(m.differ + m.held_out_differ for m in exact)
    print(f"\n{wrong} labels differ over {len(exact)} estimators")
    if options.json:
        kept = {
            "machine": machine(),
            "parity": [dataclasses.asdict(m) for m in exact],
            "latency": [dataclasses.asdict(m) for m in fast],
            "cold_start": dataclasses.asdict(start),
        }
        options.json.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    return 1 if wrong else 0


def measure_cold_start(
    folder: Path, key: Path, trust: Path, device_python: Path
) -> cold_start.Measured:
    """A bundle of the digits classifier, beside its pickle."""
    X, y = load_digits(return_X_y=True)
    estimator = SGDClassifier(loss="log_loss", random_state=0).fit(X, y)
    joblib.dump(estimator, folder / "digits.joblib")
    convert.export(estimator, X).write(folder / "artifact", key=key)
    edge_infer_command(
        "bundle", folder / "artifact", "--key", key, "--trust", trust, "--out", folder / "bundle"
    )
    return cold_start.measure(
        bundle=folder / "bundle",
        trust=trust,
        pickle=folder / "digits.joblib",
        row=X[:1].tolist(),
        device_python=device_python,
    )


def edge_infer_command(*arguments: str | Path) -> None:
    """Run `edge-infer ARGUMENT…`; its refusal is shown and ends the benchmark."""
    command = [sys.executable, "-m", "edge_infer", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
