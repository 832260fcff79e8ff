"""What the tests of bundles and roots share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
for folder in (Path(__file__).parent, Path(__file__).parents[1] / "edge_infer"):
    sys.path.insert(0, str(folder))

if TYPE_CHECKING:
    from small_bundles import Fleet


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """Keys, and small signed bundles on request."""
    from small_bundles import Fleet

    return Fleet(tmp_path_factory.mktemp("fleet"))
