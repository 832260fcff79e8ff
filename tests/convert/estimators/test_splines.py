"""B-spline bases: every extrapolation, at the knots, beyond them, over repeated knots."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from convert.errors import Unsupported
from convert.graph.emit import emit_model

RNG = np.random.default_rng(0)
X = np.column_stack([RNG.normal(size=120), RNG.lognormal(size=120), RNG.integers(0, 4, 120)])
MODES = ["constant", "linear", "continue", "periodic"]


def rows_for(transformer: SplineTransformer) -> np.ndarray:
    knots = np.column_stack([spline.t for spline in transformer.bsplines_])
    near = [np.nextafter(knots, -np.inf), knots, np.nextafter(knots, np.inf)]
    return np.vstack([X, *near, 3 * X, -50 * X, 1e6 * X[:20]])


@pytest.mark.parametrize("include_bias", [True, False])
@pytest.mark.parametrize("knots", ["uniform", "quantile"])
@pytest.mark.parametrize("degree", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.filterwarnings("ignore:.*knots")
def test_bases_to_the_last_bit(mode, degree, knots, include_bias, side_by_side):
    columns = slice(0, 2) if knots == "quantile" and mode == "linear" else slice(0, 3)
    transformer = SplineTransformer(
        n_knots=6, degree=degree, knots=knots, extrapolation=mode, include_bias=include_bias
    )
    rows = np.ascontiguousarray(rows_for(transformer.fit(X))[:, columns])
    if mode == "constant" and degree == 0:
        rows = np.minimum(rows, X.max(axis=0)[columns])
    transformer.fit(X[:, columns])
    side_by_side(transformer, rows.shape[1]).assert_same_bits("transform", rows)


def test_few_knots_of_a_periodic_basis(side_by_side):
    for degree, n_knots in ((1, 2), (2, 3), (3, 4), (3, 5)):
        transformer = SplineTransformer(n_knots, degree, extrapolation="periodic").fit(X)
        side_by_side(transformer, 3).assert_same_bits("transform", rows_for(transformer))


@pytest.mark.parametrize("mode", MODES)
def test_missing_values_become_zeros(mode, side_by_side):
    holes = X.copy()
    holes[::5, 1] = np.nan
    transformer = SplineTransformer(extrapolation=mode, handle_missing="zeros").fit(holes)
    side_by_side(transformer, 3).assert_same_bits("transform", np.vstack([holes, 2 * holes]))


def test_rows_beyond_the_knots_that_it_raises_on(with_checks):
    rows = np.vstack([X[:40], 1.5 * X[:40], X.max(axis=0), X.min(axis=0), -X[:40]])
    for transformer in (
        SplineTransformer(extrapolation="error"),
        SplineTransformer(degree=0, extrapolation="constant"),
    ):
        checked = with_checks(transformer.fit(X), 3)
        checked.assert_refuses_what_scikit_learn_refuses(rows)


def test_sparse_splines_before_a_model(side_by_side):
    chain = make_pipeline(SplineTransformer(sparse_output=True), LogisticRegression(max_iter=500))
    side_by_side(chain.fit(X, X[:, 2]), 3).assert_all_close(X)
    with pytest.raises(Unsupported, match="sparse"):
        emit_model(SplineTransformer(sparse_output=True).fit(X), 3)
