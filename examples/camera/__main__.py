"""The command line: `python -m examples.camera detect …`."""

from __future__ import annotations

import sys

from examples.camera import detecting

COMMANDS = {"detect": detecting.main}


def main(argv: list[str]) -> int:
    """Run one command; return its exit code."""
    if not argv or argv[0] not in COMMANDS:
        print(f"usage: python -m examples.camera {{{','.join(COMMANDS)}}} …", file=sys.stderr)
        return 2
    return COMMANDS[argv[0]](argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
