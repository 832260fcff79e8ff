"""A live interface: frames as the kernel captured them, verdicts while the flow goes on."""

from examples.router.live.interface import Interface
from examples.router.live.watching import Watch

__all__ = ["Interface", "Watch"]
