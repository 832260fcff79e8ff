"""Bundles: an artifact and all that a device needs to run it, under one signature.

    >>> import firmware_bundle
    >>> firmware_bundle.bundle("artifact", "bundle", key="fleet.key", trust="fleet.pub")
    PosixPath('bundle')

Copying the directory is the whole deployment. On the device, where only Python, numpy and
onnxruntime are installed, it starts from where it lies and writes nothing into itself:

    python3 bundle/run predict seven.png --trust fleet.pub

`edge_infer.load("bundle", trust="fleet.pub")` takes a bundle as it takes an artifact. A device
that is updated while it is far away installs bundles into a root instead:

    >>> firmware_bundle.install("bundle", "/opt/gadget", trust="fleet.pub").on_trial
    False

and `edge_infer.load("/opt/gadget")` serves what passed its trial; see `firmware_bundle.slots`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firmware_bundle.bundling import bundle
    from firmware_bundle.manifest import Manifest
    from firmware_bundle.slots import gc, install, rollback, status

__all__ = ["Manifest", "bundle", "gc", "install", "rollback", "status"]

# A device has only the half of this package that installs; each name loads what it needs.
_HOME = {"Manifest": "manifest", "bundle": "bundling"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module(f"{__name__}.{_HOME.get(name, 'slots')}")
    found: object = getattr(home, name)
    return found
