"""float32 on demand: the labels are equal, the tolerance is declared, or it is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import convert
from convert.graph.emit import emit_model
from convert.precision import SINGLE_TOLERANCES
from convert.progress import quiet
from convert.prove import prove
from convert.single import in_single
from convert.single.trees import over_ranks, ranking, rounded_down
from edge_infer.engines.onnxruntime import open_session
from edge_infer.errors import BadInput

IRIS, SPECIES = load_iris(return_X_y=True)
DIGITS, NUMBERS = (part[:400] for part in load_digits(return_X_y=True))

MODELS = [
    (SGDClassifier(loss="log_loss", random_state=0), DIGITS, NUMBERS),
    (LogisticRegression(), IRIS, SPECIES),
    (make_pipeline(StandardScaler(), Ridge()), IRIS, IRIS[:, 0]),
    (make_pipeline(StandardScaler(), RandomForestClassifier(10, random_state=0)), IRIS, SPECIES),
    (RandomForestClassifier(10, random_state=0), DIGITS, NUMBERS),
    (HistGradientBoostingClassifier(max_iter=5), IRIS, SPECIES),
    (GradientBoostingRegressor(n_estimators=10), IRIS, IRIS[:, 1]),
    (SVC(), IRIS, SPECIES),
    (SVC(), IRIS, SPECIES > 0),
    (MLPClassifier((8,), max_iter=80, random_state=0), DIGITS, NUMBERS),
    (KMeans(3, n_init=1, random_state=0), IRIS, None),
    (IsolationForest(n_estimators=10, random_state=0), IRIS, None),
]


def float32_of(artifact):
    graph = onnx.load_model_from_string(artifact.onnx).graph
    return [tensor for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT]


@pytest.mark.sampled(3)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "X", "y"), MODELS, ids=lambda v: type(v).__name__)
def test_labels_are_equal_and_scores_within_what_is_declared(shorter, loaded, estimator, X, y):
    estimator.fit(X, y)
    artifact = convert.export(estimator, X, precision="float32")
    model, certificate = loaded(artifact), artifact.contract.certificate
    assert certificate.relative_tolerance in SINGLE_TOLERANCES
    assert any("float32" in note for note in certificate.notes)
    for parity in certificate.parity:
        assert parity.differ == 0
        assert parity.max_difference <= certificate.relative_tolerance
    got = model.predict(X)
    if y is None or y.dtype.kind != "f":
        assert np.array_equal(got, estimator.predict(X))
    else:
        assert got.dtype == np.float64
        assert np.allclose(got, estimator.predict(X), rtol=0, atol=1e-4 * np.abs(y).max())
    assert len(artifact.onnx) < len(convert.export(estimator, X).onnx) or len(artifact.onnx) < 5000


def test_a_float32_graph_is_smaller():
    forest = RandomForestClassifier(20, random_state=0).fit(DIGITS, NUMBERS)
    double = emit_model(forest, 64).onnx
    assert len(in_single(double)) < 0.8 * len(double)


def test_a_float32_forest_takes_the_branches_of_double_next_to_every_threshold():
    forest = RandomForestClassifier(5, random_state=0).fit(IRIS, SPECIES)
    session = open_session(in_single(emit_model(forest, 4).onnx))
    rows = []
    for tree in (one.tree_ for one in forest.estimators_):
        inner = tree.children_left >= 0
        for feature, threshold in zip(tree.feature[inner], tree.threshold[inner], strict=True):
            near, ways = np.float32(threshold), (-9.0, 9.0)
            single = [np.nextafter(near, np.float32(way)) for way in ways]
            double = [np.nextafter(threshold, way) for way in ways]
            for value in (threshold, near, *single, *double):
                row = IRIS[len(rows) % len(IRIS)].copy()
                row[feature] = value
                rows.append(row)
    X = np.array(rows)
    got = session.run(["label", "probabilities"], {"X": X})
    assert np.array_equal(got[0], forest.predict(X))
    assert np.abs(got[1] - forest.predict_proba(X)).max() < 1e-6


@pytest.mark.parametrize("hole", [0.0, 0.2])
def test_ranks_keep_double_comparisons_and_the_way_of_nan(hole):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3)) * [1e-30, 1.0, 1e30]
    X[rng.random(X.shape) < hole] = np.nan
    y = np.nan_to_num(X / [1e-30, 1.0, 1e30]).sum(axis=1)
    model = HistGradientBoostingRegressor(max_iter=20).fit(X, y)
    tried = [X]
    for predictor in (one for trees in model._predictors for one in trees):
        nodes = predictor.nodes[predictor.nodes["is_leaf"] == 0]
        for feature, threshold in zip(nodes["feature_idx"], nodes["num_threshold"], strict=True):
            rows = X[:4].copy()
            rows[:, feature] = [threshold, np.nextafter(threshold, np.inf),
                                np.nextafter(threshold, -np.inf), np.nan]  # fmt: skip
            tried.append(rows)
    rows = np.concatenate(tried)
    if not hole:
        rows = rows[~np.isnan(rows).any(axis=1)]
    (got,) = open_session(in_single(emit_model(model, 3).onnx)).run(["prediction"], {"X": rows})
    assert np.abs(got - model.predict(rows)).max() < 1e-5


def test_a_wrong_threshold_in_float32_is_refused(shorter):
    forest = RandomForestClassifier(5, random_state=0).fit(IRIS, SPECIES)
    emitted = emit_model(forest, 4)
    model = onnx.load_model_from_string(in_single(emitted.onnx))
    (trees,) = [node for node in model.graph.node if node.op_type == "TreeEnsemble"]
    for attribute in trees.attribute:
        if attribute.name == "nodes_splits":
            splits = numpy_helper.to_array(attribute.t)
            up = np.nextafter(splits, np.float32(np.inf))
            attribute.t.CopyFrom(numpy_helper.from_array(up))
    wrong = replace(emitted, onnx=model.SerializeToString())
    with pytest.raises(convert.NotExact):
        prove(forest, wrong, IRIS, tolerance=1e-4, progress=quiet)


def test_a_sample_is_never_undecided(shorter):
    """Its label must be equal even where the scores are closer than the tolerance."""
    X = np.concatenate([IRIS, IRIS[:1]])
    model = LogisticRegression().fit(X[:, :1], np.append(SPECIES, 0) > 0)
    at = -model.intercept_[0] / model.coef_[0, 0]
    samples = np.append(IRIS[:, 0], [at + 1e-9, at - 1e-9])[:, None]
    with pytest.raises(convert.NotExact, match="float32"):
        convert.export(model, samples, precision="float32")
    double = convert.export(model, samples, precision="auto").contract.certificate
    assert double.relative_tolerance == 1e-9


def test_what_float32_cannot_hold_is_refused_and_auto_takes_double(shorter):
    model = GaussianNB().fit(DIGITS, NUMBERS)
    with pytest.raises(convert.NotExact, match="float32") as caught:
        convert.export(model, DIGITS, precision="float32")
    assert "precision='double'" in caught.value.hint
    artifact = convert.export(model, DIGITS, precision="auto")
    assert artifact.contract.certificate.relative_tolerance == 1e-9
    assert float32_of(artifact) == []


def test_a_search_by_brute_force_says_why_it_has_no_float32_graph(shorter):
    """The largest double is a constant of the graph, and no number of the user's."""
    model = KNeighborsClassifier(algorithm="brute").fit(IRIS, SPECIES)
    with pytest.raises(convert.Unsupported, match="distance") as caught:
        convert.export(model, IRIS, precision="float32")
    assert "1.79" not in str(caught.value)
    assert "kd_tree" in caught.value.hint
    ridge = Ridge().fit(IRIS * 1e-60, SPECIES * 1e-10)
    ridge.coef_ = ridge.coef_ + 1e60
    with pytest.raises(convert.Unsupported, match="beyond float32") as caught:
        convert.export(ridge, IRIS * 1e-60, precision="float32")
    assert caught.value.actual >= 1e60


def test_auto_takes_float32_where_it_proves(shorter):
    model = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
    assert float32_of(convert.export(model, IRIS, precision="auto"))
    assert not float32_of(convert.export(model, IRIS))


def test_another_precision_is_refused():
    with pytest.raises(BadInput, match="no such precision"):
        convert.export(LogisticRegression(max_iter=500).fit(IRIS, SPECIES), IRIS, precision="half")


def test_ranking_and_rounding_are_what_they_say():
    splits = np.array([0.1, 0.5, 0.1, 2.0])
    trees = {"nodes_splits": splits, "nodes_featureids": [0, 0, 0, 1], "leaf_weights": splits}
    assert over_ranks(trees)["nodes_splits"].tolist() == [0, 1, 0, 0]
    down = rounded_down(trees)["nodes_splits"]
    assert down.dtype == np.float32
    assert (down.astype(np.float64) <= splits).all()
    assert (np.nextafter(down, np.float32(9)).astype(np.float64) > splits).all()
    assert ranking(trees, 2)["n_targets"] == 2
