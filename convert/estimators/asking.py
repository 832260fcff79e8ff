"""Ask a fitted estimator what it does, where its answer is the best description of it."""

from __future__ import annotations

import contextlib
import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """No warnings about odd rows, and checks of the rows as they are by default."""
    import sklearn

    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        sklearn.config_context(assume_finite=False, transform_output="default"),
    ):
        warnings.simplefilter("ignore")
        yield
