"""What no artifact is made of: each is refused by an error of ours that says what to do."""

from __future__ import annotations

import copy
import resource
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import DBSCAN, AffinityPropagation, FeatureAgglomeration
from sklearn.compose import TransformedTargetRegressor
from sklearn.covariance import OAS
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    VotingClassifier,
)
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.manifold import TSNE
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelBinarizer,
    LabelEncoder,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.semi_supervised import LabelPropagation
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import convert
from edge_infer import BadInput, EdgeInferError

X, Y = load_iris(return_X_y=True)
FRAME = pd.DataFrame(X, columns=["a", "b", "c", "d"])


@pytest.fixture(scope="module")
def logistic():
    return LogisticRegression(max_iter=500).fit(X, Y)


@pytest.fixture(scope="module")
def named():
    return LogisticRegression(max_iter=500).fit(FRAME, Y)


def refused(estimator, samples, kind, match):
    with pytest.raises(kind, match=match) as refusal:
        convert.export(estimator, samples)
    assert isinstance(refusal.value, EdgeInferError)
    return refusal.value


def test_what_has_no_converter_is_refused_with_a_way_out_within_a_pipeline_too():
    rows = load_iris(return_X_y=True)[0][::10]
    near = -((rows[:, None] - rows) ** 2).sum(axis=2)
    clusters = AffinityPropagation(affinity="precomputed", random_state=0)
    for model in (clusters, make_pipeline(StandardScaler(with_std=False), clusters)):
        refusal = refused(model.fit(near), near, convert.Unsupported, "labels no new rows")
        assert "convert.register" in refusal.hint


@pytest.mark.parametrize(
    ("estimator", "attribute"),
    [
        (LogisticRegression(max_iter=500), "coef_"),
        (LogisticRegression(max_iter=500), "classes_"),
        (SVC(), "_dual_coef_"),
        (MLPClassifier(max_iter=5), "coefs_"),
        (DecisionTreeClassifier(), "tree_"),
        (KNeighborsClassifier(), "_fit_X"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_an_estimator_that_is_fitted_in_part(estimator, attribute):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(X, Y)
    delattr(estimator, attribute)
    refusal = refused(estimator, X, BadInput, "fitted")
    assert "call fit" in refusal.hint


def test_members_that_are_missing_or_not_fitted():
    forest = ExtraTreesClassifier(3, random_state=0).fit(X, Y)
    emptied, unfitted = copy.deepcopy(forest), copy.deepcopy(forest)
    emptied.estimators_ = []
    refused(emptied, X, BadInput, "fitted in part: it has no members")
    unfitted.estimators_[1] = DecisionTreeClassifier()
    refused(unfitted, X, BadInput, "fitted in part")
    voting = VotingClassifier([("one", LogisticRegression(max_iter=500))]).fit(X, Y)
    voting.estimators_[0] = LogisticRegression()
    refused(voting, X, BadInput, "not fitted")


def cyclic_pipeline():
    chain = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    chain.steps.append(("again", chain))
    return chain


def cyclic_voting():
    voting = VotingClassifier([("one", LogisticRegression(max_iter=500))]).fit(X, Y)
    voting.estimators_[0] = voting
    return voting


def cyclic_bagging():
    bagging = BaggingClassifier(n_estimators=2, random_state=0).fit(X, Y)
    bagging.estimators_[1] = make_pipeline(bagging)
    return bagging


def cyclic_list():
    voting = VotingClassifier([("one", LogisticRegression(max_iter=500))]).fit(X, Y)
    voting.estimators_.append(voting.estimators_)
    return voting


@pytest.mark.parametrize("make", [cyclic_pipeline, cyclic_voting, cyclic_bagging, cyclic_list])
def test_an_estimator_that_contains_itself(make):
    refused(make(), X, BadInput, "contains itself")


def test_estimators_nested_three_hundred_deep(logistic):
    nested = logistic
    for _ in range(300):
        nested = Pipeline([("inner", nested)])
    refused(nested, X, BadInput, "nested too deeply")


class Shouting(LogisticRegression):
    pass


def product(a, b):
    return a @ b.T


def taxi(a, b):
    return np.abs(a - b).sum()


def one_more(target):
    return target + 1


def widest(values, axis=None):
    return np.max(values, axis=axis)


@pytest.mark.parametrize(
    ("estimator", "match", "named"),
    [
        (SVC(kernel=product), "callable kernel", "product"),
        (make_pipeline(FunctionTransformer(np.asarray), LogisticRegression()), "code", "asarray"),
        (make_pipeline(FunctionTransformer(lambda a: a), LogisticRegression()), "code", "<lambda>"),
        (KNeighborsClassifier(weights=np.ones_like), "callable", "ones_like"),
        (KNeighborsClassifier(metric=taxi, algorithm="brute"), "metric", "taxi"),
        (Nystroem(product, n_components=2), "kernel", "product"),
        (LabelPropagation(product), "callable kernel", "product"),
        (Shouting(max_iter=500), "Shouting", None),
        (
            TransformedTargetRegressor(
                Ridge(), func=one_more, inverse_func=one_more, check_inverse=False
            ),
            "",
            "one_more",
        ),
        (FeatureAgglomeration(2, pooling_func=widest), "pools with", "widest"),
    ],
    ids=[
        "kernel",
        "numpy",
        "lambda",
        "weights",
        "metric",
        "map",
        "labels",
        "class",
        "target",
        "pool",
    ],
)
def test_callables_and_custom_classes_are_named(estimator, match, named):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        refusal = refused(estimator.fit(X, Y), X, convert.Unsupported, match)
    assert named is None or refusal.actual.endswith(named)
    assert "convert.register" in refusal.hint


def test_a_custom_class_is_told_how_to_be_registered():
    refusal = refused(Shouting(max_iter=500).fit(X, Y), X, convert.Unsupported, "Shouting")
    assert "convert.register" in refusal.hint


class Stateless(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X


class Guess:
    def predict(self, X):
        return X[:, 0]


def test_a_class_of_the_users_own_is_told_its_way_in():
    """One that keeps nothing at fit looks unfitted, and one without BaseEstimator like no model."""
    model = make_pipeline(Stateless(), LogisticRegression(max_iter=500)).fit(X, Y)
    refusal = refused(model, X, convert.Unsupported, "no exact converter for .*Stateless")
    assert "convert.register" in refusal.hint
    refusal = refused(Guess(), X, BadInput, "not a scikit-learn estimator")
    assert "BaseEstimator" in refusal.hint
    assert "convert.register" in refusal.hint


@pytest.mark.parametrize("estimator", [DBSCAN(), TSNE(), OAS(), KernelDensity()], ids=str)
def test_what_answers_no_new_row_is_told_so(estimator):
    answers = type(estimator) is KernelDensity
    why = "no exact converter" if answers else "no answer for new rows"
    assert "subclass" not in refused(estimator.fit(X), X, convert.Unsupported, why).hint


def test_samples_of_other_columns(logistic, named):
    refused(logistic, X[:, :3], BadInput, "do not fit")
    refusal = refused(
        named, FRAME.rename(columns={"a": "z"}), BadInput, "not those of the training"
    )
    assert "missing: a; not known: z" in refusal.hint
    refusal = refused(named, FRAME[["b", "a", "d", "c"]], BadInput, "not those of the training")
    assert "feature_names_in_" in refusal.hint
    refusal = refused(named, FRAME[["a", "b", "c"]], BadInput, "do not fit")
    assert "missing: d" in refusal.hint
    refusal = refused(named, FRAME.assign(e=1.0), BadInput, "do not fit")
    assert "not known: e" in refusal.hint


def test_labels_are_one_column():
    refused(LabelEncoder().fit(Y), X, BadInput, "one column of labels")
    refused(LabelBinarizer().fit(Y), X, BadInput, "one column of labels")


@pytest.mark.parametrize(
    "samples",
    [X.astype(object), X.astype(str), X.astype(complex), np.zeros((3, 4), "M8[s]")],
    ids=["object", "text", "complex", "dates"],
)
def test_samples_of_a_dtype_that_is_no_number(samples, logistic):
    refusal = refused(logistic, samples, BadInput, "not numbers")
    assert "astype(float)" in refusal.hint


def test_frames_with_a_column_of_another_dtype_than_at_training(named):
    refused(named, FRAME.assign(a=FRAME.a.astype(str)), convert.Unsupported, "text is handed")
    refused(named, FRAME.astype(object), BadInput, "neither numbers nor text")
    refused(named, FRAME.assign(a=pd.Timestamp("2020-01-01")), BadInput, "neither numbers nor text")


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "uint8", "bool"])
def test_samples_in_another_dtype_of_numbers_are_rows_like_any_other(dtype, logistic, few_rows):
    """They are compared as the doubles that they are."""
    artifact = convert.export(logistic, X.astype(dtype))
    assert all(parity.differ == 0 for parity in artifact.contract.certificate.parity)


@pytest.mark.parametrize(
    "samples",
    [sparse.csr_matrix(X), sparse.csc_array(X), np.ma.masked_greater(X, 2)],
    ids=["matrix", "array", "masked"],
)
def test_sparse_and_masked_samples(samples, logistic):
    refusal = refused(logistic, samples, BadInput, "not a dense array")
    assert "toarray()" in refusal.hint


@pytest.mark.parametrize("samples", [None, "text", X[0], X[:0], [[1.0, 2.0], [3.0]], {"a": [1]}])
def test_samples_that_are_no_rows(samples, logistic):
    assert refused(logistic, samples, BadInput, "not rows").hint


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_where_the_model_has_none(value, logistic):
    refused(logistic, np.where(X > 5, value, X), BadInput, "scikit-learn itself raises")


def test_sparse_rows_are_answered_by_nobody():
    encoder = OneHotEncoder().fit(np.rint(X))
    refusal = refused(encoder, np.rint(X), convert.Unsupported, "sparse matrix")
    assert "sparse_output=False" in refusal.hint


@pytest.fixture
def few_rows(monkeypatch):
    few = convert.prove.effort.Bounds(
        probes=(200, 300), alone=(8, 10), engine=(30, 40), row_buffers=20
    )
    monkeypatch.setattr("convert.prove.effort.BOUNDS", few)


def peak_kilobytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.deep
def test_ten_thousand_trees_in_bounded_memory_and_with_progress(few_rows):
    """Their graph has megabytes, and the proof holds a few times that."""
    boosting = GradientBoostingRegressor(n_estimators=10_000, random_state=0).fit(X, X[:, 0] + Y)
    shown = []
    before = peak_kilobytes()
    artifact = convert.export(boosting, X, progress=lambda *told: shown.append(told))
    grown = (peak_kilobytes() - before) * 1024
    assert len(artifact.onnx) < 12e6
    assert grown < 60 * len(artifact.onnx)
    assert len({fraction for _, fraction in shown}) >= 6
    assert all(parity.differ == 0 for parity in artifact.contract.certificate.parity)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_training_that_tells_no_classes_apart_leaves_nothing_to_transform():
    rows = np.tile([[0.0], [1.0]], (10, 1))
    model = LinearDiscriminantAnalysis().fit(rows, np.repeat([0, 1], 10))
    assert model.transform(rows).shape == (20, 0)
    assert refused(model, rows, convert.Unsupported, "into no column").hint
