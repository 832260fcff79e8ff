"""All outputs of a configuration as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from examples.camera.outputs.hook import Hook
from examples.camera.outputs.log import Log
from examples.camera.outputs.mqtt import Mqtt

if TYPE_CHECKING:
    from collections.abc import Callable

    from examples.camera.config import Config
    from examples.camera.events.event import Event


class Output(Protocol):
    """Takes lines of JSON."""

    def tell(self, line: str) -> None:
        """Take a line; never block for long, never raise."""

    def close(self) -> None:
        """Finish what waits."""


class Outputs:
    """The log, and what else was asked for."""

    def __init__(self, config: Config) -> None:
        """Raises EdgeInferError where one of them cannot begin."""
        self._log = Log(config.events.log)
        self._every: list[Output] = [self._log]
        self._hook: list[Output] = []
        try:
            if config.mqtt.host:
                self._every.append(Mqtt(config.mqtt))
            if config.hook.command:
                self._hook.append(Hook(config.hook))
        except BaseException:
            self._log.close()
            raise

    def tell(self, events: list[Event], now: Callable[[float], str | None]) -> None:
        """Send events on; `now` gives the time of day of a frame's time, or None."""
        for event in events:
            line = event.line(now(event.time_s))
            for output in self._every:
                output.tell(line)
            if event.what in ("start", "end"):
                for output in self._hook:
                    output.tell(line)

    @property
    def gone(self) -> bool:
        """Whether nobody reads the events any more."""
        return self._log.gone

    def retry(self) -> None:
        """Write what had to wait."""
        self._log.flush()

    def close(self) -> None:
        """Finish all of them."""
        for output in [*self._hook, *self._every]:
            output.close()
