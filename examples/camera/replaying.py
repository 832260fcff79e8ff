"""`replay SOURCE`: the events of a recording. Every run writes the same bytes."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from edge_infer import BadInput, EdgeInferError
from examples.camera import private
from examples.camera.annotate import Annotated
from examples.camera.config import read_config
from examples.camera.events.event import Event
from examples.camera.options import add_options, configured, open_detector
from examples.camera.outputs.places import refuse_existing, refuse_one_place
from examples.camera.sources.opening import open_recording
from examples.camera.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from examples.camera.config import Config


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser("python -m examples.camera replay", description=__doc__)
    parser.add_argument("recording", type=Path, nargs="?", help="a video or a folder of pictures")
    add_options(parser)
    parser.add_argument("--events", type=Path, metavar="FILE", help="where the events go")
    parser.add_argument("--annotate", type=Path, metavar="OUT.mp4", help="draw what was seen")
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    try:
        config = configured(read_config(options.config), options)
        place = options.recording or _configured(config)
        refuse_existing("--events", options.events)
        refuse_one_place("--annotate", options.annotate, "--events", options.events)
        refuse_existing("--annotate", options.annotate)
        if options.events is None:
            _write(place, config, sys.stdout, options.annotate)
        else:
            _write_file(place, config, options.events, options.annotate)
    except EdgeInferError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _configured(config: Config) -> Path:
    if not config.source.url:
        raise BadInput(
            "no recording",
            expected="a video or a folder of pictures",
            hint="name it after `replay`, or as source.url in --config",
        )
    return Path(config.source.url)


def replay(place: Path, config: Config, *, annotate: Path | None = None) -> Iterator[Event]:
    """The events of a recording, clocked by its frames.

    Raises:
        BadInput: not a recording, or a video for `annotate` that is there already.
    """
    refuse_existing("--annotate", annotate)
    source = open_recording(place, fps=config.source.fps)
    watch = Watch(config, open_detector(config.faces))
    drawing = None if annotate is None else Annotated(annotate, fps=source.fps)
    number, time_s = -1, 0.0
    try:
        for frame in source.frames():
            seen = watch.step(frame)
            number, time_s = frame.number, frame.time_s
            yield from _troubles(source.troubles(), number, time_s)
            yield from seen.events
            if drawing is not None:
                drawing.add(seen)
        yield from _troubles(source.troubles(), number, time_s)
        yield from watch.close()
        yield Event("stop", number, time_s)
    finally:
        source.close()
        if drawing is not None:
            drawing.close()


def _troubles(told: list[str], number: int, time_s: float) -> list[Event]:
    return [Event("trouble", max(0, number), time_s, reason=one) for one in told]


def _write(place: Path, config: Config, out: TextIO, annotate: Path | None) -> None:
    try:
        for event in replay(place, config, annotate=annotate):
            print(event.line(), file=out, flush=True)
    except BrokenPipeError:
        # Nobody reads on; what Python flushes when it ends goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
    except OSError as error:
        raise BadInput(
            "cannot write the events",
            actual=error,
            hint="look whether the disk is full; --events names another place",
        ) from error


def _write_file(place: Path, config: Config, path: Path, annotate: Path | None) -> None:
    """To a file, which goes again where the replay could not begin: it may be tried anew."""
    out = _opened(path)
    try:
        _write(place, config, out, annotate)
    except EdgeInferError:
        if path.is_file() and not path.stat().st_size:
            path.unlink()
        raise
    finally:
        # Every line was flushed; where that failed, closing tries once more, and fails too.
        with contextlib.suppress(OSError):
            out.close()


def _opened(path: Path) -> TextIO:
    try:
        if not path.exists():
            private.create(path)
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise BadInput(
            "cannot write the events",
            expected=str(path),
            actual=error,
            hint="choose a file for --events in a folder that you can write",
        ) from error
