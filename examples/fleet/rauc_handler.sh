#!/bin/sh
# The handler of a RAUC bundle: RAUC has verified and mounted it; the root takes what is in it.
# Exit status 0 only where the new version has passed its trial; otherwise the one before serves.
set -eu
root=${EDGE_INFER_ROOT:-/opt/gadget}
exec "${PYTHON:-python3}" -B "$root/run" install "$RAUC_BUNDLE_MOUNT_POINT/bundle.tar" "$root"
