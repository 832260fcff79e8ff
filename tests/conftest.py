"""Settings that every test needs before numpy is imported, and which tests are deep."""

import collections
import os

# Two threads that spin on a busy machine cost more than they compute on rows this small.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
# onnxruntime reads it once, at its import, whichever test comes first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import pytest  # noqa: E402 - after the variables above
from hypothesis import settings  # noqa: E402

if "CI" not in os.environ:  # where hypothesis has a profile of its own
    # Time never fails a test: a machine that does other things takes as long as it takes.
    settings.register_profile("unhurried", deadline=None)
    settings.load_profile("unhurried")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a test that is `sampled(every)`, the first case and every so many-th after it stay."""
    seen: collections.Counter[str] = collections.Counter()
    for item in items:
        sampled = item.get_closest_marker("sampled")
        if sampled is not None:
            name = item.nodeid.partition("[")[0]
            if seen[name] % sampled.args[0]:
                item.add_marker(pytest.mark.deep)
            seen[name] += 1
