"""The command `edge-infer`, also `python -m edge_infer`."""

from __future__ import annotations

import sys

from edge_infer.commands.dispatch import main

if __name__ == "__main__":
    sys.exit(main())
