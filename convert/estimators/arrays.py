"""Fitted attributes as the double arrays that scikit-learn's arithmetic promotes them to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def dense(value: Any) -> Doubles:
    """A dense float64 copy; float32 and sparse (`sparsify()`) parameters are widened exactly."""
    array = value.toarray() if hasattr(value, "toarray") else value
    return np.asarray(array, dtype=np.float64)
