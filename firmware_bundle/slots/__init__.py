"""Install, update and go back on a device: the standard library and edge_infer alone.

    >>> from firmware_bundle.slots import install, rollback, status
    >>> install("bundle", "/opt/gadget", trust="fleet.pub").version
    '1-...'
    >>> status("/opt/gadget").current
    '1-...'

`edge_infer.load("/opt/gadget")` then serves what is installed; see `edge_infer.slots` for the
layout and for what happens at a start. Whatever moment the power goes, after it the version of
before or the new one serves, verified.

    source.py    a bundle as a directory or a .tar     release.py   who signed it, and what it says
    installer.py check, copy, name, try, commit        trial.py     does it work on this machine?
    collect.py   what is not needed any more           pinning.py   whom this device trusts
"""

from __future__ import annotations

from firmware_bundle.slots.collect import gc
from firmware_bundle.slots.installer import Installation, install
from firmware_bundle.slots.overview import Overview, rollback, status

__all__ = ["Installation", "Overview", "gc", "install", "rollback", "status"]
