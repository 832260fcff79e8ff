"""Bundles: an artifact and all that a device needs to run it, under one signature.

    >>> import firmware_bundle
    >>> firmware_bundle.bundle("artifact", "bundle", key="fleet.key", trust="fleet.pub")
    PosixPath('bundle')

Copying the directory is the whole deployment. On the device, where only Python, numpy and
onnxruntime are installed, it starts from where it lies and writes nothing into itself:

    python3 bundle/run predict seven.png --trust fleet.pub

`edge_infer.load("bundle", trust="fleet.pub")` takes a bundle as it takes an artifact.
"""

from __future__ import annotations

from firmware_bundle.bundling import bundle
from firmware_bundle.manifest import Manifest

__all__ = ["Manifest", "bundle"]
