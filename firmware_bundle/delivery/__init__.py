"""Bring a bundle to a device over the system's own ssh and rsync.

    copy what changed → the device verifies, tries and commits it → the copy goes

What arrives lands beside the versions, in `ROOT/incoming/`, and is nothing until the device's own
`install` has verified it against its own pinned key. A connection that drops leaves what came so
far; the next push goes on from there.
"""

from __future__ import annotations

from firmware_bundle.delivery.push import Pushed, push

__all__ = ["Pushed", "push"]
