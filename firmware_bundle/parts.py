"""Which parts of the runtime a bundle carries.

All of them, but for what loads compiled models where there are none. A device without onnxruntime
has little flash: its bundle carries what its own model and target can use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_infer.contract.inputs import is_typed

if TYPE_CHECKING:
    from edge_infer.contract import Contract
    from firmware_bundle.targets import Target

COMPILED = frozenset(
    {
        "edge_infer/compiled_model.py",
        "edge_infer/engines/native.py",
        "edge_infer/plain_rows.py",
        "edge_infer/plain_selftest.py",
    }
)
"""What loads compiled models: of no use beside an artifact that has none."""

ONNXRUNTIME = frozenset(
    {
        "edge_infer/engines/onnx_check.py",
        "edge_infer/engines/onnx_messages.py",
        "edge_infer/engines/onnx_reader.py",
        "edge_infer/engines/onnxruntime.py",
        "edge_infer/engines/operators.py",
        "edge_infer/one_row.py",
    }
)
"""What runs graphs: of no use on a target that onnxruntime is not built for."""

PICTURES = frozenset({"edge_infer/images.py"})
DETECTORS = frozenset({"edge_infer/contract/detector.py", "edge_infer/detector_bundle.py"})
TEXTS = frozenset({"edge_infer/text.py", "edge_infer/murmurhash.py"})
TABLES = frozenset({"edge_infer/columns.py", "edge_infer/commands/table_file.py"})

SELDOM = frozenset(
    {
        "edge_infer/commands/bench.py",
        "edge_infer/commands/info.py",
        "edge_infer/commands/trust.py",
        "edge_infer/staging.py",
        "edge_infer/trust/editing.py",
        "edge_infer/trust/secret.py",
    }
)
"""What somebody at a keyboard starts: Python compiles it then, in memory."""

INSTALLING = "firmware_bundle/"
"""What an update starts. Where flash is dear Python compiles this too, each time, which takes a
tenth of a second of a PC."""


@dataclass(frozen=True)
class Parts:
    """What is left out of one bundle's runtime."""

    needless: frozenset[str] = frozenset()
    """Files that are not there at all."""
    seldom: tuple[str, ...] = ()
    """How the names of further files begin that have no bytecode."""

    def is_seldom(self, name: str) -> bool:
        """Whether the file has no bytecode."""
        return name in SELDOM or name.startswith(self.seldom)


def parts_for(contract: Contract, target: Target, *, is_compiled: bool) -> Parts:
    """The runtime for one artifact, with or without compiled models, on one kind of device."""
    compiled = frozenset[str]() if is_compiled else COMPILED
    if not target.native:
        return Parts(compiled)
    unused = {
        PICTURES: contract.image is None,
        TEXTS: not contract.texts,
        TABLES: not is_typed(contract.inputs),
    }
    needless = [files for files, is_unused in unused.items() if is_unused]
    return Parts(compiled.union(ONNXRUNTIME, DETECTORS, *needless), (INSTALLING,))
