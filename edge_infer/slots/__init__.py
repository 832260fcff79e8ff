"""A root: versions of a bundle side by side, one of them active, and what survives a power cut.

    ROOT/
        trust             the pinned keys, as `install --trust` was given them
        state.json        which version is current, previous, on trial; replaced as a whole
        versions/         one directory a version, `<sequence>-<16 digits of its signature>`,
                          never changed after it got its name
        staging/          what is being written or removed; of no worth after a restart
        lock              held by whoever installs or tries a version

There are no links, so a FAT card will do. This half reads a root, tries a new version and goes
back from it; what writes versions is `firmware_bundle.slots`.

    disk.py    every operation on a root's files        state.py   the state and its transitions
    root.py    the layout: state, pins, versions        serve.py   which version becomes a model
"""

from __future__ import annotations

from edge_infer.slots.root import Root, is_root
from edge_infer.slots.serve import Slot, open_root
from edge_infer.slots.state import MAX_ATTEMPTS, State

__all__ = ["MAX_ATTEMPTS", "Root", "Slot", "State", "is_root", "open_root"]
