"""What the tests of emulated devices share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from digits import Digits


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    """A proven model of the digits."""
    from digits import make_digits

    return make_digits(tmp_path_factory.mktemp("digits"))
