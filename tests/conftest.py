"""Settings that every test needs before numpy is imported."""

import os

# Two threads that spin on a busy machine cost more than they compute on rows this small.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
# onnxruntime reads it once, at its import, whichever test comes first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
