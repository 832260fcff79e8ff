"""Each transformer's rounding rule bounds what its graph and what moved rows really do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import feature_selection, impute, preprocessing
from sklearn.cluster import FeatureAgglomeration
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.decomposition import FactorAnalysis, FastICA, KernelPCA
from sklearn.ensemble import RandomForestClassifier, RandomTreesEmbedding
from sklearn.impute._iterative import IterativeImputer
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    Nystroem,
    PolynomialCountSketch,
    RBFSampler,
    SkewedChi2Sampler,
)
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection
from sklearn.svm import SVC

from convert.export import export
from convert.graph.emit import emit_model
from convert.progress import quiet
from convert.prove import prove
from convert.prove.engine import Graph
from convert.prove.rounding.band import EPS, UNITS
from convert.prove.rounding.terms import carry, rows_of

X, Y = load_iris(return_X_y=True)
HOLES = X.copy()
HOLES[::7, 2] = np.nan

SMOOTH = [
    preprocessing.FunctionTransformer(np.log1p),
    preprocessing.FunctionTransformer(np.sin),
    preprocessing.FunctionTransformer(np.square),
    preprocessing.PolynomialFeatures(3),
    preprocessing.PowerTransformer(),
    preprocessing.PowerTransformer("box-cox", standardize=False),
    impute.SimpleImputer(add_indicator=True),
    feature_selection.SelectKBest(k=2),
    FactorAnalysis(2, random_state=0),
    FastICA(3, random_state=0, whiten="unit-variance"),
    FeatureAgglomeration(2),
    GaussianRandomProjection(3, random_state=0),
    SparseRandomProjection(3, random_state=0),
    RBFSampler(gamma=0.2, random_state=0),
    Nystroem(gamma=0.2, n_components=10, random_state=0),
    Nystroem("poly", gamma=0.1, n_components=4, random_state=0),
    PolynomialCountSketch(n_components=30, coef0=1, random_state=0),
    PolynomialCountSketch(degree=3, n_components=20, random_state=0),
    SkewedChi2Sampler(n_components=20, random_state=0),
    BernoulliRBM(5, n_iter=2, random_state=0),
    KernelPCA(3, kernel="rbf", gamma=0.1),
    KernelPCA(2, kernel="sigmoid", gamma=0.01),
]
DISCRETE = [
    AdditiveChi2Sampler(sample_steps=3),
    preprocessing.Binarizer(threshold=2.0),
    preprocessing.KBinsDiscretizer(
        3, encode="onehot-dense", quantile_method="averaged_inverted_cdf"
    ),
    preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    preprocessing.QuantileTransformer(n_quantiles=30),
    preprocessing.QuantileTransformer(n_quantiles=30, output_distribution="normal"),
    preprocessing.SplineTransformer(),
    RandomTreesEmbedding(5, sparse_output=False, random_state=0),
    impute.MissingIndicator(features="all"),
]


def build_id(estimator: object) -> str:
    return str(estimator).replace("\n", "")


def rows_of_step(step: object) -> np.ndarray:
    return HOLES if isinstance(step, impute.SimpleImputer | impute.MissingIndicator) else X


@pytest.mark.parametrize("step", SMOOTH + DISCRETE, ids=build_id)
def test_a_graph_stays_within_the_rounding_of_its_step(step):
    rows = rows_of_step(step)
    step.fit(rows, Y)
    bound = carry(step, rows, np.zeros(rows.shape))
    got = next(iter(Graph(emit_model(step, 4)).run(rows).values()))
    want = rows_of(step.transform(rows))
    assert bound.shape == want.shape
    assert np.all(np.abs(got - want) <= UNITS * EPS * bound)


@pytest.mark.parametrize("step", SMOOTH, ids=build_id)
def test_a_moved_row_stays_within_the_error_that_is_carried(step):
    rows = rows_of_step(step)
    step.fit(rows, Y)
    error = 1e7 * np.abs(np.nan_to_num(rows)) + 1e5
    bound = carry(step, rows, error)
    rng = np.random.default_rng(0)
    for _ in range(10):
        moved = rows + EPS * error * rng.choice([-1.0, 1.0], size=rows.shape)
        difference = np.abs(rows_of(step.transform(moved)) - rows_of(step.transform(rows)))
        assert np.all(difference <= UNITS * EPS * bound)


@pytest.mark.parametrize("step", DISCRETE, ids=build_id)
def test_where_a_moved_value_could_jump_nothing_is_claimed(step):
    rows = rows_of_step(step)
    assert carry(step.fit(rows, Y), rows, np.ones(rows.shape)) is None


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "step",
    [
        preprocessing.PowerTransformer(),
        make_pipeline(preprocessing.StandardScaler(), Nystroem(n_components=9, random_state=0)),
        preprocessing.OneHotEncoder(handle_unknown="ignore"),
    ],
    ids=build_id,
)
def test_boundary_rows_behind_a_transformer_are_decided_or_excused(step):
    for last in (LogisticRegression(max_iter=500), Perceptron()):
        chain = make_pipeline(step, last).fit(X, Y)
        proof = prove(chain, emit_model(chain, 4), X, progress=quiet)
        assert any("sum of absolute terms" in note for note in proof.certificate.notes)


@pytest.mark.parametrize(
    "step",
    [
        Isomap(),
        LocallyLinearEmbedding(eigen_solver="dense"),
        PolynomialCountSketch(n_components=30, random_state=0),
    ],
    ids=build_id,
)
def test_magnitudes_at_which_rounding_decides_are_refused(step):
    rows = X[50:]
    proof = prove(step.fit(rows), emit_model(step, 4), rows, progress=quiet)
    limit = proof.inputs[0].limit
    assert limit is not None
    assert np.abs(rows).max() <= limit < 1e12
    assert any("or with the graph" in note for note in proof.certificate.notes)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("last", [LogisticRegression(), RandomForestClassifier(5, random_state=0)])
def test_a_row_that_is_imputed_in_two_ways_may_be_refused(last):
    holes = X.copy()
    holes[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    imputer = IterativeImputer(max_iter=2, random_state=0)
    chain = make_pipeline(imputer, last).fit(holes, Y)
    nothing = np.full((1, 4), np.nan)
    beside = imputer.transform(np.vstack([nothing, X[:1]]))[:1]
    assert not np.allclose(imputer.transform(nothing), beside), "the case no longer shows it"
    proof = prove(chain, emit_model(chain, 4), holes, progress=quiet)
    assert proof.inputs[0].nan


def test_a_selector_that_predicts_is_measured_as_its_estimator():
    for inner in (SVC(kernel="linear"), LogisticRegression(max_iter=500)):
        selector = feature_selection.RFE(inner, n_features_to_select=2).fit(X, Y)
        proof = prove(selector, emit_model(selector, 4), X, progress=quiet)
        assert any("sum of absolute terms" in note for note in proof.certificate.notes)


def test_a_kernel_of_a_constant_column_is_served_near_the_samples():
    """Less the mean of its products nothing is left but rounding."""
    rows = np.c_[X, np.full(len(X), 7.0)]
    step = KernelPCA(2, random_state=0).fit(rows)
    limit = prove(step, emit_model(step, 5), rows, progress=quiet).inputs[0].limit
    assert limit is not None
    assert np.abs(rows).max() <= limit < 1e5


@pytest.mark.deep
def test_a_step_that_rounds_its_own_way_behind_columns_of_a_data_frame():
    frame = pd.DataFrame(X, columns=list("abcd")).assign(e=np.where(Y > 0, "x", "y"))
    columns = make_column_transformer(
        (preprocessing.StandardScaler(), list("abcd")),
        (preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["e"]),
    )
    chain = make_pipeline(columns, PolynomialCountSketch(random_state=0)).fit(frame)
    contract = export(chain, frame).contract
    assert all(parity.differ == 0 for parity in contract.certificate.parity)
    assert all(one.limit is not None for one in contract.inputs if one.dtype == "float64")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_row_without_values_about_means_of_zero_is_answered():
    rows, _ = load_diabetes(return_X_y=True)
    imputer = IterativeImputer(max_iter=1, random_state=0).fit(rows)
    assert not emit_model(imputer, rows.shape[1]).checks
    holes = np.where(np.random.default_rng(0).random(rows.shape) < 0.05, np.nan, rows)
    assert emit_model(imputer.fit(holes), rows.shape[1]).checks
