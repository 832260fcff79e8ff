"""Settings that every test needs before numpy is imported."""

import os

# Two threads that spin on a busy machine cost more than they compute on rows this small.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
