"""Settings that every test needs before numpy is imported."""

import os

# Two threads that spin on a busy machine cost more than they compute on rows this small.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
# onnxruntime reads it once, at its import, whichever test comes first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from hypothesis import settings  # noqa: E402 - after the variables above

if "CI" not in os.environ:  # where hypothesis has a profile of its own
    # Time never fails a test: a machine that does other things takes as long as it takes.
    settings.register_profile("unhurried", deadline=None)
    settings.load_profile("unhurried")
