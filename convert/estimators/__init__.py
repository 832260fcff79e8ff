"""Exact converters, one file per estimator family.

An emitter mirrors the arithmetic of one scikit-learn method, operation by operation, in double
precision. Classes are looked up exactly: a subclass may override `predict`, so it is refused.
"""

from __future__ import annotations

from convert.estimators.dispatch import EMITTERS, emit

__all__ = ["EMITTERS", "emit"]
