"""Puts the tests' own helpers on the path: the modules here are no package."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
for place in (str(HERE), str(HERE / "compiled"), str(HERE.parents[2])):
    if place not in sys.path:
        sys.path.insert(0, place)
