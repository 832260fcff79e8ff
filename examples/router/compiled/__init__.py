"""The flow table compiled to a shared object: the same rows to the bit, several times as fast.

The Python table is the specification and serves wherever this was not built
(`python -m examples.router compile`).
"""

from __future__ import annotations

from examples.router.compiled.choice import open_table
from examples.router.compiled.compiler import build, built

__all__ = ["build", "built", "open_table"]
