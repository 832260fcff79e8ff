#!/usr/bin/env python3
"""An update module of Mender, protocol 3: its artifacts carry `bundle.tar` into a root.

Copy it to /usr/share/mender/modules/v3/edge-infer, and make it executable. Mender calls it with
a state and a directory; what it has to say is its exit status. The new version passes its trial
within ArtifactInstall, so a device that cannot use it never gets as far as a commit.
"""

import os
import sys
from pathlib import Path

ROOT = os.environ.get("EDGE_INFER_ROOT", "/opt/gadget")

sys.dont_write_bytecode = True
sys.path.append(ROOT)  # the runtime of the version that serves
import edge_infer  # noqa: E402
import firmware_bundle  # noqa: E402


def main(state: str, tree: Path) -> int:
    """Do what Mender asks for in `state`, with the artifact unpacked in `tree`."""
    before = tree / "tmp" / "before"
    if state == "SupportsRollback":
        print("Yes")
    elif state == "NeedsArtifactReboot":
        print("No")
    elif state == "ArtifactInstall":
        before.write_text(firmware_bundle.status(ROOT).current or "")
        done = firmware_bundle.install(tree / "files" / "bundle.tar", ROOT)
        print(f"{done.version} serves", file=sys.stderr)
    elif state == "ArtifactRollback" and firmware_bundle.status(ROOT).current != before.read_text():
        # Where the installation failed nothing has changed, and there is nothing to undo.
        firmware_bundle.rollback(ROOT)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], Path(sys.argv[2])))
    except edge_infer.EdgeInferError as error:
        print(f"edge-infer: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
