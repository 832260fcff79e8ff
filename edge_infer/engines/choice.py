"""Which engine serves here: the one that was asked for, else onnxruntime, else the native one."""

from __future__ import annotations

from edge_infer.engines.elf import running
from edge_infer.errors import BadInput, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge_infer.contract.schema import Contract, NativeModel

ENGINES = ("onnxruntime", "native")
NATIVE = "native"


def is_native(asked: str | None) -> bool:
    """Whether the native engine serves. It is not a fallback from a failure: where onnxruntime
    is installed and refuses, the refusal stands. A bundle for devices without onnxruntime does not
    carry the engine that calls it.

    Raises:
        BadInput: there is no engine of that name.
    """
    if asked is not None:
        if asked not in ENGINES:
            raise BadInput("no such engine", expected=", ".join(ENGINES), actual=asked)
        return asked == NATIVE
    import sys
    from importlib.util import find_spec

    if sys.modules.get("onnxruntime") is None and find_spec("onnxruntime") is None:
        return True
    return find_spec("edge_infer.engines.onnxruntime") is None


def target_here() -> str | None:
    """The name of this machine's target, None where no compiled model can be loaded."""
    found = running()
    return None if found is None else found.target


def chosen_native(contract: Contract, compiled: bytes) -> NativeModel:
    """The contract's entry for this machine, whose bytes were found and verified.

    Raises:
        Unavailable: the artifact has no compiled model for this machine.
    """
    target = target_here()
    found = next((native for native in contract.native if native.target == target), None)
    if found is None or not compiled:
        raise Unavailable(
            "no engine can serve this model here: onnxruntime is not installed or not wanted, "
            "and it was not compiled for this machine",
            expected=f"a compiled model for {target or 'this system'}",
            actual=", ".join(native.target for native in contract.native) or "none",
            hint="pip install onnxruntime, where it runs"
            + (f"; or on the workstation: edge-infer convert --native {target}" if target else ""),
        )
    return found
