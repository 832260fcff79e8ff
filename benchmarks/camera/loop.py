"""The whole loop on a recording of 640 by 480: frames a second, latency, and memory over time.

    OMP_NUM_THREADS=1 python -m benchmarks.camera.loop [--out FIGURES.json] [--minutes 10]

The walkers of vtest (79 seconds at their ten frames a second), enlarged, looped until so many
minutes of 25 frames a second are played, unpaced, one process for each engine. Figures that
`make bench-camera` writes are those of README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from examples.camera.config import Config
from examples.camera.options import open_detector
from examples.camera.sources.frames import Frame
from examples.camera.sources.live import Live
from examples.camera.watch import Watch

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("EDGE_INFER_DATA", ROOT.parent / "shared" / "data")) / "camera"
FPS = 25.0
EVERY = 250
"""Memory is read once in so many frames: ten seconds of a recording."""
SETTLED = 6
"""Readings after which buffers are as large as they get: the growth is counted from there."""


def recording(path: Path) -> None:
    """Write the walkers at 640 by 480."""
    capture = cv2.VideoCapture(str(DATA / "vtest" / "vtest.avi"))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (640, 480))
    while (read := capture.read())[0]:
        writer.write(cv2.resize(read[1], (640, 480)))
    writer.release()


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak_mb() -> float:
    """The most that was ever resident, between two readings too."""
    status = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def play(path: Path, engine: str, minutes: float) -> dict[str, object]:
    """Play the recording over and over; decoding counts."""
    cv2.setNumThreads(1)
    config = Config()
    detector = None
    if engine != "off":
        detector = open_detector(replace(config.faces, engine=engine))
    watch = Watch(config, detector)
    wanted, number, memory = int(minutes * 60 * FPS), 0, []
    # All of it is touched now: what is measured shall not be the list of measurements.
    times = np.full(wanted, np.nan)
    began_cpu, began = time.process_time(), time.perf_counter()
    while number < wanted:
        capture = cv2.VideoCapture(str(path))
        while number < wanted:
            before = time.thread_time()
            there, image = capture.read()
            if not there:
                break
            watch.step(Frame(image, number / FPS, number))
            times[number] = time.thread_time() - before
            if number % EVERY == 0:
                memory.append(round(resident_mb(), 1))
            number += 1
        capture.release()
    memory.append(round(resident_mb(), 1))
    cpu = time.process_time() - began_cpu
    return {
        "engine": engine,
        "frames": number,
        "seconds_played": number / FPS,
        "frames_per_cpu_second": round(number / cpu, 1),
        "frames_per_second": round(number / (time.perf_counter() - began), 1),
        "ms_median": round(1e3 * float(np.median(times)), 2),
        "ms_mean": round(1e3 * float(np.mean(times)), 2),
        "ms_p95": round(1e3 * float(np.percentile(times, 95)), 2),
        "memory_mb": memory,
        "memory_peak_mb": round(peak_mb(), 1),
        "memory_growth_mb": round(memory[-1] - memory[min(SETTLED, len(memory) - 1)], 1),
    }


class Paced:
    """A camera that gives the recording's frames at 25 a second."""

    def __init__(self, path: Path) -> None:
        self._capture = cv2.VideoCapture(str(path))
        self._due = time.monotonic()

    def read(self) -> NDArray[np.uint8] | None:
        there, image = self._capture.read()
        self._due += 1 / FPS
        time.sleep(max(0.0, self._due - time.monotonic()))
        return np.asarray(image, np.uint8) if there else None

    def close(self) -> None:
        self._capture.release()


def latency(path: Path, seconds: float) -> dict[str, float]:
    """From the arrival of a frame at the reader until its events are there, live and paced."""
    cv2.setNumThreads(1)
    config = Config()
    watch = Watch(config, open_detector(config.faces))
    source = Live(config.source, opening=lambda _: Paced(path))
    began, waits = time.monotonic(), []
    for frame in source.frames():
        watch.step(frame)
        waits.append(time.monotonic() - source._started_s - frame.time_s)
        if time.monotonic() - began > seconds:
            break
    source.close()
    p50, p95 = np.percentile(waits[25:], [50, 95])
    return {
        "frames": len(waits),
        "dropped": source.dropped,
        "p50_ms": round(1e3 * float(p50), 1),
        "p95_ms": round(1e3 * float(p95), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--child", nargs=2, metavar=("VIDEO", "ENGINE"))
    options = parser.parse_args()
    if options.child:
        video, engine = Path(options.child[0]), options.child[1]
        told = latency(video, 30) if engine == "live" else play(video, engine, options.minutes)
        print(json.dumps(told))
        return
    if not DATA.is_dir():
        raise SystemExit(f"no recordings in {DATA}: EDGE_INFER_DATA names the folder that has them")
    figures: dict[str, object] = {"opencv": cv2.__version__, "minutes": options.minutes}
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "walkers.avi"
        recording(video)
        for engine in ("live", "native", "onnxruntime", "off"):
            words = ["-m", "benchmarks.camera.loop", "--minutes", str(options.minutes)]
            done = subprocess.run(
                [sys.executable, *words, "--child", str(video), engine],
                cwd=ROOT, check=True, capture_output=True, text=True,
            )  # fmt: skip
            figures[engine] = json.loads(done.stdout)
            shown = json.loads(done.stdout)
            shown.pop("memory_mb", None)
            print(engine, shown, flush=True)
            if options.out is not None:
                options.out.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
