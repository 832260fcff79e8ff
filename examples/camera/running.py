"""`run --source …`: watch a camera until it is told to stop."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2

from edge_infer import EdgeInferError
from examples.camera.annotate import Annotated
from examples.camera.config import read_config
from examples.camera.events.event import Event
from examples.camera.notify import Notify
from examples.camera.options import add_options, configured, open_detector
from examples.camera.outputs.all import Outputs
from examples.camera.outputs.places import (
    refuse_existing,
    refuse_one_place,
    refuse_other_than_log,
)
from examples.camera.sources.opening import open_source
from examples.camera.storage.keeper import Keeper
from examples.camera.view import open_view
from examples.camera.watch import Watch

if TYPE_CHECKING:
    from examples.camera.config import Config
    from examples.camera.sources.frames import Source
    from examples.camera.view import View
    from examples.camera.watch import Seen


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser("python -m examples.camera run", description=__doc__)
    parser.add_argument("--source", help="0, /dev/video0, picamera, rtsp://…, a video, a folder")
    add_options(parser)
    parser.add_argument("--view", choices=("off", "window", "terminal"), default="off")
    parser.add_argument("--annotate", type=Path, metavar="OUT.mp4", help="draw what was seen")
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    try:
        config = configured(read_config(options.config), options)
        if options.source is not None:
            config = replace(config, source=replace(config.source, url=options.source))
        with_view = open_view(options.view)
        Loop(config, view=with_view, annotate=options.annotate).run()
    except EdgeInferError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    return 0


class Loop:
    """One camera, its watch, and everyone who is told."""

    def __init__(
        self, config: Config, *, view: View | None = None, annotate: Path | None = None
    ) -> None:
        """Open all of it, or nothing. Raises EdgeInferError."""
        log = None if config.events.log == "-" else Path(config.events.log)
        refuse_existing("--annotate", annotate)
        refuse_one_place("--annotate", annotate, "events.log", log)
        refuse_other_than_log(config.events.log, config.source.url)
        detector = open_detector(config.faces)
        self._source: Source = open_source(config.source, idle=self._idle)
        self._watch = Watch(config, detector)
        self._view = view
        self._last = (0, 0.0)
        self._notify = Notify()
        # A recording knows its rate; a camera's is what it is held to, or what was said of it.
        fps = getattr(self._source, "fps", config.source.fps_cap or config.source.fps)
        self._drawing = None if annotate is None else Annotated(annotate, fps=fps)
        keeps = config.store.snapshots or config.store.clips
        try:
            self._keeper = Keeper(config.store, self._stamp) if keeps else None
            self._outputs = Outputs(config)
        except BaseException:
            self._source.close()
            raise

    def run(self) -> None:
        """Watch until the source ends, the view is closed, or SIGTERM or SIGINT comes."""
        before = {s: signal.signal(s, self._stop) for s in (signal.SIGTERM, signal.SIGINT)}
        self._notify.send("READY=1")
        try:
            for frame in self._source.frames():
                seen = self._watch.step(frame)
                self._last = (frame.number, frame.time_s)
                self._tell(list(seen.events))
                if not self._show(seen):
                    break
                self._idle()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self._close()

    def _show(self, seen: Seen) -> bool:
        if self._keeper is not None:
            self._keeper.step(seen)
        if self._drawing is not None:
            self._drawing.add(seen)
        return self._view is None or self._view.show(seen)

    def _idle(self) -> None:
        """What has to go on where no frame comes too."""
        self._notify.alive()
        told = self._source.troubles()
        if self._keeper is not None:
            told += self._keeper.troubles()
        self._tell([Event("trouble", *self._last, reason=one) for one in told])
        self._outputs.retry()
        if self._outputs.gone:
            self._source.close()

    def _stop(self, _signal: int, _frame: Any) -> None:
        self._source.close()
        self._notify.send("STOPPING=1")

    def _close(self) -> None:
        self._source.close()
        if self._keeper is not None:
            self._keeper.close()
        self._idle()
        dropped = getattr(self._source, "dropped", 0)
        words = f"{dropped} frames dropped" if dropped else ""
        self._tell([*self._watch.close(), Event("stop", *self._last, reason=words)])
        self._outputs.close()
        if self._drawing is not None:
            self._drawing.close()
        if self._view is not None:
            self._view.close()

    def _tell(self, events: list[Event]) -> None:
        self._outputs.tell(events, self._at)

    def _at(self, time_s: float) -> str | None:
        """The time of day of a live frame; a recording does not know it."""
        if not self._source.live:
            return None
        return self._moment(time_s).isoformat(timespec="milliseconds")

    def _moment(self, time_s: float) -> datetime:
        """Reckoned back from now: a clock that is set while we run is followed."""
        ago_s = self._last[1] - time_s
        return datetime.fromtimestamp(time.time() - ago_s, UTC)

    def _stamp(self, time_s: float) -> str:
        """The name of a moment in file names, which sort by time."""
        if not self._source.live:
            return f"t{round(time_s * 1000):010d}"
        return f"{self._moment(time_s):%Y%m%dT%H%M%S%f}"[:-3] + "Z"
