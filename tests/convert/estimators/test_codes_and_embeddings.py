"""Codes, leaves, local embeddings and imputation in rounds; and what is refused with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import decomposition
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestRegressor, RandomTreesEmbedding
from sklearn.impute._iterative import IterativeImputer
from sklearn.linear_model import BayesianRidge, LogisticRegression, Ridge
from sklearn.manifold import LocallyLinearEmbedding
from sklearn.neighbors import KNeighborsTransformer, RadiusNeighborsTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from convert.errors import Unsupported
from convert.export import export
from convert.graph.emit import emit_model
from edge_infer import BadInput

X, Y = load_iris(return_X_y=True)
RNG = np.random.default_rng(2)
UNSEEN = RNG.normal(3, 2, size=(60, 4))

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]


def with_holes(rows: np.ndarray, *, share: float) -> np.ndarray:
    found = rows.copy()
    found[RNG.random(rows.shape) < share] = np.nan
    found[np.isnan(found).all(axis=1), 0] = 1.0
    return found


@pytest.mark.parametrize("split_sign", [False, True])
@pytest.mark.parametrize("positive_code", [False, True])
def test_codes_by_threshold(positive_code, split_sign, side_by_side):
    settings = {
        "transform_algorithm": "threshold",
        "positive_code": positive_code,
        "split_sign": split_sign,
    }
    positive = {"fit_algorithm": "cd"}
    for estimator in (
        decomposition.SparseCoder(RNG.normal(size=(6, 4)), transform_alpha=0.4, **settings),
        decomposition.SparseCoder(RNG.normal(size=(3, 4)), **settings),
        decomposition.DictionaryLearning(3, max_iter=5, **settings, **positive),
        decomposition.MiniBatchDictionaryLearning(3, max_iter=5, alpha=0.2, **settings, **positive),
    ):
        both = side_by_side(estimator.fit(X), 4)
        both.assert_close("transform", np.vstack([X, UNSEEN]), relative=1e-13)


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (decomposition.NMF(2, max_iter=20), "solves for every row"),
        (decomposition.MiniBatchNMF(2, max_iter=20), "solves for every row"),
        (decomposition.LatentDirichletAllocation(2, max_iter=2), "solves for every row"),
        (decomposition.SparseCoder(np.eye(4)), "until a tolerance is met"),
        (decomposition.DictionaryLearning(2, max_iter=2), "until a tolerance is met"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_no_graph_can_repeat_is_refused_with_its_reason(estimator, reason):
    with pytest.raises(Unsupported, match=reason) as refusal:
        emit_model(estimator.fit(X), 4)
    assert refusal.value.hint


@pytest.mark.parametrize(
    "estimator",
    [
        decomposition.SparsePCA(2, max_iter=5, random_state=0),
        decomposition.SparsePCA(6, ridge_alpha=0.5, max_iter=5, random_state=0),
        decomposition.MiniBatchSparsePCA(1, max_iter=5, random_state=0),
    ],
)
def test_sparse_components_in_closed_form(estimator, side_by_side):
    rows = np.vstack([X, UNSEEN, 1e6 * UNSEEN])
    side_by_side(estimator.fit(X), 4).assert_close("transform", rows)


def test_a_single_row_keeps_the_axis_that_scikit_learn_leaves_out(loaded):
    estimator = decomposition.SparsePCA(2, max_iter=5, random_state=0).fit(X)
    artifact = export(estimator, X)
    assert any("first axis" in note for note in artifact.contract.certificate.notes)
    got, want = loaded(artifact).transform(X[:1]), estimator.transform(X[:1])
    assert got.shape == (1, *want.shape)
    np.testing.assert_allclose(got[0], want, rtol=1e-9)
    with pytest.raises(BadInput, match="raises on the samples"):
        export(make_pipeline(estimator, Ridge().fit(estimator.transform(X), Y)), X)


@pytest.mark.parametrize("mode", ["distance", "connectivity"])
@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
def test_graphs_of_neighbours_in_front_of_a_predictor(mode, algorithm, side_by_side):
    whole = np.unique(np.round(X * 10) * [1, 10, 100, 1000], axis=0)
    y = whole.sum(axis=1)
    for graph in (
        KNeighborsTransformer(mode=mode, n_neighbors=3, algorithm=algorithm),
        RadiusNeighborsTransformer(mode=mode, radius=300.0, algorithm=algorithm),
    ):
        both = side_by_side(make_pipeline(graph, Ridge()).fit(whole, y), 4)
        both.assert_close("predict", np.vstack([whole, np.round(UNSEEN) * 50]))


def test_leaves_of_random_trees(side_by_side):
    embedding = RandomTreesEmbedding(9, max_depth=4, sparse_output=False, random_state=0).fit(X)
    thresholds = embedding.estimators_[0].tree_.threshold[:12, None] * np.ones(4)
    rows = np.vstack([X, UNSEEN, thresholds, np.nextafter(thresholds, np.inf)])
    side_by_side(embedding, 4).assert_same_bits("transform", rows)
    sparse = RandomTreesEmbedding(9, max_depth=3, random_state=0)
    side_by_side(make_pipeline(sparse, LogisticRegression()).fit(X, Y), 4).assert_all_close(X)
    with pytest.raises(Unsupported, match="sparse"):
        emit_model(sparse, 4)


@pytest.mark.parametrize("k", [3, 7])
def test_locally_linear_embedding(k, side_by_side):
    embedding = LocallyLinearEmbedding(n_neighbors=k, n_components=2, eigen_solver="dense")
    both = side_by_side(embedding.fit(X[50:]), 4)
    both.assert_close("transform", np.vstack([X[50:], UNSEEN]), relative=1e-10)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"add_indicator": True, "initial_strategy": "median"},
        {"min_value": 0.0, "max_value": [7, 4, 6, 2]},
        {"estimator": Ridge(), "imputation_order": "roman", "n_nearest_features": 2},
        {"skip_complete": True, "imputation_order": "descending"},
        {"estimator": RandomForestRegressor(3, random_state=0), "max_iter": 2},
        {"max_iter": 0},
        {"missing_values": -1.0},
    ],
    ids=lambda s: "-".join(s) or "default",
)
def test_iterative_imputer(settings, with_checks):
    holes = with_holes(X, share=0.2)
    unseen = np.vstack([holes, with_holes(UNSEEN, share=0.5)])
    if "missing_values" in settings:
        holes, unseen = np.nan_to_num(holes, nan=-1.0), np.nan_to_num(unseen, nan=-1.0)
    imputer = IterativeImputer(random_state=0, **{"max_iter": 4, **settings}).fit(holes)
    imputer_columns = 4
    want = imputer.transform(unseen.copy())
    if settings.get("max_iter") == 0:
        import onnxruntime

        emitted = emit_model(imputer, imputer_columns)
        session = onnxruntime.InferenceSession(emitted.onnx, providers=["CPUExecutionProvider"])
        np.testing.assert_array_equal(session.run(["transformed"], {"X": unseen})[0], want)
        assert not emitted.checks
        return
    got, refused = with_checks(imputer, imputer_columns).run(unseen)
    assert not refused.any()
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-12 * np.abs(want).max())
    nothing = np.full((1, 4), settings.get("missing_values", np.nan))
    assert with_checks(imputer, imputer_columns).run(nothing)[1].all()


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.filterwarnings("ignore:Skipping features")
def test_iterative_imputer_with_a_column_that_was_empty(keep, with_checks):
    holes = with_holes(X, share=0.2)
    holes[:, 1] = np.nan
    imputer = IterativeImputer(keep_empty_features=keep, max_iter=2, random_state=0).fit(holes)
    rows = np.vstack([holes, with_holes(X, share=0.1)])
    got, refused = with_checks(imputer, 4).run(rows)
    np.testing.assert_allclose(got, imputer.transform(rows.copy()), rtol=1e-12)
    nothing_known = np.isnan(rows[:, [0, 2, 3]]).all(axis=1) & (not keep)
    np.testing.assert_array_equal(refused, nothing_known)


def test_iterative_imputer_that_draws_is_refused():
    imputer = IterativeImputer(BayesianRidge(), sample_posterior=True, max_iter=1)
    with pytest.raises(Unsupported, match="at random"):
        emit_model(imputer.fit(with_holes(X, share=0.2)), 4)


def test_imputation_before_a_model(side_by_side):
    holes = with_holes(X, share=0.2)
    chain = make_pipeline(
        IterativeImputer(max_iter=3, random_state=0), StandardScaler(), LogisticRegression()
    )
    side_by_side(chain.fit(holes, Y), 4).assert_all_close(holes)
