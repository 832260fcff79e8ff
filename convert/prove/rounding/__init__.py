"""How far rounding alone can carry a decision, row by row.

scikit-learn is not one function: BLAS adds in another order for one row than for a batch. A row
is undecided where the margin of its decision lies under 8 · eps · Σ|terms|, the sum taken by
evaluating the model in absolute values. Where that sum is not to be had, scikit-learn itself is
asked what 8 eps of each column do to its answer (`perturbed.py`). Trees have none.
"""

from __future__ import annotations

from convert.prove.rounding.band import EPS, UNITS, Band, no_band
from convert.prove.rounding.decide import Rounding
from convert.prove.rounding.declared import Declared

__all__ = ["EPS", "UNITS", "Band", "Declared", "Rounding", "no_band"]
