"""Run a script with every socket refused: `python offline.py SCRIPT ARGUMENT…`.

For machines where a process may not have a network namespace of its own. An audit hook (PEP 578)
cannot be removed by the script; it sees what Python does, not what a C library does by itself.
"""

import errno
import runpy
import sys


def refuse_sockets(event: str, _args: object) -> None:
    """Audit hook: no socket is made and no name looked up."""
    if event.startswith("socket."):
        raise OSError(errno.ENETUNREACH, f"the network is cut: {event} refused")


if __name__ == "__main__":
    sys.addaudithook(refuse_sockets)
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
