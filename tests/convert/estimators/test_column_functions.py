"""Elementwise transforms: powers, ranks, numpy's functions, where rounding is at its worst."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
from scipy import special
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

from convert.errors import Unsupported
from convert.estimators.functions import FUNCTIONS
from convert.estimators.handover import SINGLE_OVERFLOW
from convert.graph.emit import emit_model

RNG = np.random.default_rng(5)
SKEWED = np.column_stack(
    [RNG.lognormal(size=300), RNG.normal(size=300), -RNG.exponential(size=300), np.full(300, 2.5)]
)
TINY = 10.0 ** RNG.uniform(-320, 3, size=(200, 1)) * RNG.choice([-1.0, 1.0], size=(200, 4))
POSITIVE = np.abs(SKEWED) * RNG.uniform(1, 2, size=SKEWED.shape)


@pytest.mark.parametrize("standardize", [False, True])
def test_yeo_johnson_from_subnormals_to_thousands(standardize, side_by_side):
    transformer = PowerTransformer(standardize=standardize).fit(SKEWED)
    rows = np.vstack([SKEWED, TINY, np.full((1, 4), np.nan), np.zeros((1, 4))])
    both = side_by_side(transformer, 4)
    got, want = both.got("transform", rows), both.want("transform", rows)
    np.testing.assert_allclose(got, want, rtol=3e-15, atol=0 if not standardize else 3e-15)


@pytest.mark.parametrize("value", [0.0, 1e-17, 2.0, 2.0 + 1e-17, 1.0, -3.5, 1e-9, 5.0])
def test_yeo_johnson_at_the_lambdas_that_have_a_branch(value, side_by_side):
    transformer = PowerTransformer(standardize=False).fit(SKEWED)
    transformer.lambdas_[:] = value
    rows = np.vstack([SKEWED, TINY])
    both = side_by_side(transformer, 4)
    np.testing.assert_allclose(both.got("transform", rows), both.want("transform", rows), 3e-15)


def test_a_transformer_fitted_in_single_precision(side_by_side):
    transformer = PowerTransformer().fit(SKEWED.astype(np.float32))
    side_by_side(transformer, 4).assert_close("transform", SKEWED, relative=1e-14)


@pytest.mark.parametrize("value", [None, 0.0, 1e-20, 4.0, -2.0])
def test_box_cox_and_the_rows_it_raises_on(value, with_checks):
    transformer = PowerTransformer("box-cox", standardize=value is None).fit(POSITIVE)
    if value is not None:
        transformer.lambdas_[:] = value
    checked = with_checks(transformer, 4)
    rows = np.vstack([POSITIVE, 10.0 ** RNG.uniform(-300, 177.6, size=(90, 4))])
    got = checked.run(rows)[0]
    with np.errstate(all="ignore"):
        want = transformer.transform(rows.copy())
    finite = np.isfinite(want)
    np.testing.assert_array_equal(np.isfinite(got), finite)
    scale = np.abs(want[finite]).max()
    np.testing.assert_allclose(got[finite], want[finite], rtol=1e-12, atol=1e-15 * min(scale, 9))
    odd = np.array([[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, np.nan, 1], [-1, 1, 1, 1], [1, 1, 1, -0.0]])
    np.testing.assert_array_equal(checked.run(odd)[1], [False, True, False, True, True])
    assert checked.messages == ("Box-Cox takes positive values only",)


def quantile_rows(transformer: QuantileTransformer) -> np.ndarray:
    q = transformer.quantiles_
    near = [np.nextafter(q, -np.inf), q, np.nextafter(q, np.inf)]
    shifted = [q - 1e-7, q + 1e-7, q * (1 + 1e-9)]
    extreme = np.array([[np.nan] * 4, [1e308] * 4, [-1e308] * 4, [0.0] * 4])
    return np.vstack([SKEWED, *near, *shifted, extreme])


@pytest.mark.parametrize("n_quantiles", [1, 2, 50, 300])
def test_ranks_to_the_last_bit(n_quantiles, side_by_side):
    X = SKEWED.copy()
    X[:, 1] = np.rint(X[:, 1] * 2)
    transformer = QuantileTransformer(n_quantiles=n_quantiles).fit(X)
    both = side_by_side(transformer, 4)
    both.assert_same_bits("transform", quantile_rows(transformer))


@pytest.mark.parametrize("n_quantiles", [2, 300])
def test_normal_deviates_of_ranks(n_quantiles, side_by_side):
    X = SKEWED.copy()
    X[:, 1] = np.rint(X[:, 1] * 2)
    transformer = QuantileTransformer(n_quantiles=n_quantiles, output_distribution="normal").fit(X)
    rows = quantile_rows(transformer)
    both = side_by_side(transformer, 4)
    np.testing.assert_allclose(
        both.got("transform", rows), both.want("transform", rows), rtol=1e-13, atol=1e-14
    )


def test_transforms_of_columns_before_a_model(side_by_side):
    y = SKEWED[:, 0] > 1
    for step in (PowerTransformer(), QuantileTransformer(n_quantiles=40)):
        chain = make_pipeline(StandardScaler(), step, LogisticRegression()).fit(SKEWED, y)
        side_by_side(chain, 4).assert_all_close(SKEWED)


@pytest.mark.parametrize("func", [known for known, _ in FUNCTIONS], ids=lambda f: f.__name__)
def test_numpy_functions(func, side_by_side):
    magnitudes = 10.0 ** RNG.uniform(-300, 300, size=(300, 1))
    odd = np.array([[0.0], [-0.0], [np.nan], [np.inf], [-np.inf], [0.5], [1.5], [2.5], [5e-324]])
    rows = np.vstack([SKEWED[:, :1], magnitudes, odd])
    rows = np.vstack([rows, -rows])
    both = side_by_side(FunctionTransformer(func).fit(rows), 1)
    got, want = both.got("transform", rows), both.want("transform", rows)
    periodic = func in (np.sin, np.cos)
    if periodic:
        got, want = got[np.isfinite(rows[:, 0])], want[np.isfinite(rows[:, 0])]
    np.testing.assert_allclose(got, want, rtol=2e-14, atol=1e-15 if periodic else 0)


def test_no_function_and_functions_with_code(side_by_side):
    side_by_side(FunctionTransformer().fit(SKEWED), 4).assert_same_bits("transform", SKEWED)
    for func in (lambda X: X, np.nan_to_num, special.ndtr, np.frompyfunc(abs, 1, 1)):
        transformer = FunctionTransformer(func, check_inverse=False)
        with pytest.raises(Unsupported, match="Python code"):
            emit_model(transformer.fit(SKEWED), 4)
    with pytest.raises(Unsupported, match="keyword"):
        emit_model(FunctionTransformer(np.log, kw_args={"where": True}).fit(POSITIVE), 4)


def test_a_function_of_whole_numbers_in_a_pipeline_is_refused():
    from sklearn.preprocessing import OrdinalEncoder

    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.int64)
    chain = make_pipeline(encoder, FunctionTransformer(np.square)).fit(SKEWED)
    with pytest.raises(Unsupported, match="int64"):
        emit_model(chain, 4)


@pytest.mark.parametrize(
    ("last", "refused"),
    [
        (LogisticRegression(), [True, True, True]),
        (StandardScaler(), [False, True, True]),
        (HistGradientBoostingClassifier(max_iter=2), [False, False, False]),
        (make_pipeline(StandardScaler(), LogisticRegression()), [True, True, True]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_rows_that_a_function_makes_unfit_for_the_next_step(last, refused):
    import onnxruntime

    chain = make_pipeline(FunctionTransformer(np.log), last).fit(POSITIVE, SKEWED[:, 1] > 0)
    rows = np.vstack([POSITIVE[:3], [[1, -1, 1, 1], [1, 1, 0, 1], [-1, 0, 1, 1]]])
    emitted = emit_model(chain, 4)
    session = onnxruntime.InferenceSession(emitted.onnx, providers=["CPUExecutionProvider"])
    marks = [session.run([check.name], {"X": rows})[0] for check in emitted.checks]
    found = np.any([np.zeros(6, bool), *marks], axis=0)
    np.testing.assert_array_equal(found, [False] * 3 + refused)
    for row, mark in zip(rows, found, strict=True):
        verb = chain.predict if hasattr(chain, "predict") else chain.transform
        with np.errstate(all="ignore"), pytest.raises(ValueError) if mark else nullcontext():
            verb(row[None])


def test_functions_that_stay_finite_add_no_check():
    for func in (None, np.sin, np.tanh, np.rint):
        chain = make_pipeline(FunctionTransformer(func), LogisticRegression())
        assert not emit_model(chain.fit(SKEWED, SKEWED[:, 1] > 0), 4).checks


def test_single_precision_overflows_where_the_constant_says():
    with np.errstate(over="ignore"):
        assert np.isinf(np.float32(SINGLE_OVERFLOW))
        assert np.isfinite(np.float32(np.nextafter(SINGLE_OVERFLOW, 0)))


def test_trees_behind_a_power_refuse_what_single_precision_cannot_hold():
    import onnxruntime

    power = PowerTransformer(standardize=False)
    chain = make_pipeline(power, RandomForestClassifier(3, random_state=0))
    chain.fit(SKEWED, SKEWED[:, 1] > 0)
    power.lambdas_[:] = 4.0
    rows = np.vstack([SKEWED[:5], [[1e5, 0, 0, 0], [1e10, 0, 0, 0], [1e90, 0, 0, 0]]])
    emitted = emit_model(chain, 4)
    session = onnxruntime.InferenceSession(emitted.onnx, providers=["CPUExecutionProvider"])
    marks = [session.run([check.name], {"X": rows})[0] for check in emitted.checks]
    assert np.any(marks, axis=0).tolist() == [False] * 6 + [True] * 2
    for row in rows[-2:]:
        with np.errstate(all="ignore"), pytest.raises(ValueError, match="too large"):
            chain.predict(row[None])


def test_a_power_that_overflows_before_it_is_standardised(with_checks):
    power = PowerTransformer().fit(SKEWED)
    power.lambdas_[:] = [9.0, 1.0, -8.0, 1.0]
    rows = np.vstack([SKEWED, [[1e40, 1, 1, 1], [1, 1, -1e40, 1], [1, 1, 1e40, 1]]])
    refused = with_checks(power, 4).run(rows)[1]
    assert refused.tolist() == [False] * 300 + [True, True, False]
    for row, mark in zip(rows[-3:], refused[-3:], strict=True):
        with np.errstate(all="ignore"), pytest.raises(ValueError) if mark else nullcontext():
            power.transform(row[None])
