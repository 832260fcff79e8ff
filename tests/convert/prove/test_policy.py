"""What is served is what scikit-learn answers, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR, NuSVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from convert.errors import NotExact
from convert.export import export
from convert.graph.emit import emit_model
from convert.graph.emitted import EmittedOutput
from convert.progress import quiet
from convert.prove import prove
from convert.prove.engine import Graph
from convert.prove.policy import SINGLE_MAX, Policy, ask_policy
from convert.prove.reference import Reference
from convert.prove.rows import Context, extremes
from edge_infer.errors import BadInput

LABEL = EmittedOutput("predict", "label", "int64", (None,), "label")
PREDICTION = EmittedOutput("predict", "prediction", "float64", (None,), "score")


def asked(estimator, X, output=LABEL):
    return ask_policy(Reference(estimator, (output,), None), X, {output.name: 1.0}, seed=0)


def test_linear_model_refuses_nan_and_infinity_as_scikit_learn_does(blobs):
    policy = asked(LogisticRegression().fit(*blobs), blobs[0])
    assert (policy.nan, policy.infinite) == (False, False)


def test_tree_takes_nan_and_what_float32_holds(blobs):
    policy = asked(DecisionTreeClassifier(random_state=0).fit(*blobs), blobs[0])
    assert (policy.nan, policy.infinite, policy.limit) == (True, False, SINGLE_MAX)


def test_histogram_boosting_takes_everything(holes):
    model = HistGradientBoostingClassifier(max_iter=2).fit(*holes)
    policy = asked(model, holes[0])
    assert (policy.nan, policy.infinite, policy.limit) == (True, True, None)


@pytest.mark.parametrize(
    "steps", [(StandardScaler(),), (PCA(3),), (StandardScaler(), PCA(2))], ids=str
)
def test_every_row_within_the_limit_of_a_pipeline_is_answered(blobs, steps):
    """The worst combination of signs for each component does not overflow the float32 cast."""
    X, y = blobs
    X = X * [1e-3, 1.0, 1e3, 1e-6]
    model = make_pipeline(*steps, DecisionTreeRegressor(random_state=0)).fit(X, y)
    policy = asked(model, X, PREDICTION)
    assert policy.limit is not None
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 4)).reshape(4, -1).T
    assert np.isfinite(model.predict(signs * policy.limit)).all()
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="too large"):
        model.predict(signs * policy.limit * 2.0**16)


def test_limit_keeps_sums_finite(blobs):
    X, y = blobs
    model = LinearRegression().fit(X, y * 1e6)
    policy = asked(model, X, PREDICTION)
    assert policy.limit is not None
    assert np.isfinite(model.predict(np.sign(model.coef_)[None] * policy.limit)).all()


def test_limit_keeps_a_single_column_finite(blobs):
    X, y = blobs
    model = LinearRegression().fit(X[:, :1], y * 1e6)
    policy = asked(model, X[:, :1], PREDICTION)
    assert policy.limit is not None
    assert np.isfinite(model.predict([[policy.limit], [-policy.limit]])).all()


class Moody(ClassifierMixin, BaseEstimator):
    """Answers one row by one model and more by another."""

    def __init__(self, one, many):
        self.one, self.many = one, many
        self.classes_ = many.classes_

    def _of(self, X):
        return self.one if len(X) == 1 else self.many

    def predict(self, X):
        return self._of(X).predict(X)

    def decision_function(self, X):
        return self._of(X).decision_function(X)

    def predict_proba(self, X):
        return self._of(X).predict_proba(X)


def test_scikit_learn_that_contradicts_itself_is_refused(blobs):
    X, y = blobs
    many = LogisticRegression().fit(X, y > 0)
    one = LogisticRegression(C=1e-3).fit(X, y > 0)
    with pytest.raises(NotExact, match="scikit-learn disagrees with itself") as caught:
        prove(Moody(one, many), emit_model(many, 4), X, progress=quiet)
    assert "alone" in str(caught.value)


def test_cancellation_narrows_what_is_served_and_says_so(blobs):
    """Two opposite weights on huge columns: nothing of the rest survives in a double."""
    X, y = blobs
    model = LogisticRegression().fit(X, y > 0)
    model.coef_ = np.array([[1e5, -1e5 * (1 + 1e-12), 1.0, -1.0]])
    proof = prove(model, emit_model(model, 4), X, progress=quiet)
    (served,) = proof.inputs
    assert served.limit is not None
    assert np.abs(X).max() < served.limit < 1e12
    assert any("refused" in note for note in proof.certificate.notes)


def test_samples_that_scikit_learn_refuses(holes):
    X, y = holes
    model = LogisticRegression().fit(np.nan_to_num(X), y)
    with pytest.raises(BadInput, match="raises on the samples"):
        prove(model, emit_model(model, 4), X, progress=quiet)


class NeedsSecond(LinearRegression):
    """Takes NaN in its first column alone."""

    def predict(self, X):
        if np.isnan(X[:, 1:]).any():
            raise ValueError("NaN")
        return super().predict(np.nan_to_num(X))


def test_nan_in_some_columns_only_is_refused_with_a_note(blobs):
    X, y = blobs
    policy = asked(NeedsSecond().fit(X, y), X, PREDICTION)
    assert not policy.nan
    assert any("some columns" in note for note in policy.notes)


def test_samples_with_nan_in_such_a_column_are_refused(blobs):
    X, y = blobs
    model = NeedsSecond().fit(X, y)
    X = X.copy()
    X[3, 0] = np.nan
    with pytest.raises(NotExact, match="alike in every column"):
        asked(model, X, PREDICTION)


class _Expanded:
    """A graph that answers as scikit-learn does, until its squares overflow."""

    def __init__(self, model):
        self._model = model

    def keeps_products_finite(self, rows):
        return True

    def run(self, rows):
        with np.errstate(all="ignore"):
            lost = np.square(rows).sum(axis=1)
            return {"prediction": self._model.predict(rows) + (lost - lost)}


def test_rows_that_only_the_graph_overflows_on_are_refused(blobs):
    X, y = blobs
    model = SVR(gamma="auto").fit(X, y)
    assert asked(model, X, PREDICTION).limit is None
    reference = Reference(model, (PREDICTION,), None)
    policy = ask_policy(reference, X, {"prediction": 1.0}, seed=0, graph=_Expanded(model))
    assert policy.limit is not None
    assert 2.0**500 < policy.limit < 2.0**512
    assert any("the graph's sums or squares overflow beyond" in note for note in policy.notes)
    for signs in ([1.0] * X.shape[1], [-1.0] * X.shape[1]):
        assert np.isfinite(_Expanded(model).run(np.array([signs]) * policy.limit)["prediction"])


@pytest.mark.parametrize(
    "model",
    [SVR(gamma="auto"), SVR(), KNeighborsRegressor(3), LinearRegression(), Ridge()],
    ids=str,
)
def test_every_row_that_is_served_is_answered_up_to_the_largest_double(blobs, model):
    X, y = blobs
    emitted = emit_model(model.fit(X, y), X.shape[1])
    limit = prove(model, emitted, X, progress=quiet).inputs[0].limit
    largest = np.finfo(np.float64).max if limit is None else limit
    rows = np.repeat(X[:1], 4, axis=0)
    rows[0, 0], rows[1, 0], rows[2], rows[3] = largest, -largest, largest, -largest
    with np.errstate(all="ignore"):  # scikit-learn's own look for NaN adds them up
        got, want = Graph(emitted).run(rows)["prediction"], model.predict(rows)
    assert np.isfinite(want).all()
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)


def test_probes_go_up_to_the_largest_double(blobs):
    X, y = blobs
    reference = Reference(SVR().fit(X, y), (PREDICTION,), None)
    for limit, want in ((None, np.finfo(np.float64).max), (1e30, 1e30)):
        rows = extremes(Context(reference, Policy(False, False, limit), X, None, 0), 200)
        assert np.abs(rows).max() == want


class _OverflowsAtTheTop:
    """A graph whose sums overflow beyond 2^1023 alone, where the largest double still is."""

    def __init__(self, model):
        self._model = model

    def keeps_products_finite(self, rows):
        return True

    def run(self, X):
        with np.errstate(all="ignore"):
            found = self._model.predict(X)
        return {"prediction": np.where(np.abs(X).max(axis=1) > 2.0**1023, np.inf, found)}


def test_an_overflow_next_to_the_largest_double_is_found():
    X = np.arange(8.0).reshape(4, 2)
    model = LinearRegression().fit(X, X[:, 0] / 2)
    reference = Reference(model, (PREDICTION,), None)
    graph = _OverflowsAtTheTop(model)
    policy = ask_policy(reference, X, {"prediction": 1.0}, seed=0, graph=graph)
    assert policy.limit is not None
    assert 2.0**1000 < policy.limit <= 2.0**1023


@pytest.mark.parametrize(
    "model",
    [
        SVR(kernel="sigmoid"),
        NuSVR(kernel="sigmoid"),
        MLPRegressor(hidden_layer_sizes=(5,), activation="tanh", max_iter=5, random_state=0),
        KernelRidge(kernel="sigmoid", gamma=0.1),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_no_sum_overflows_behind_a_function_that_saturates(model):
    """inf - inf is NaN where products are not fused with sums, and else an infinity, whose tanh
    is 1: an older processor answers otherwise than a newer one.
    """
    X, y = load_iris(return_X_y=True)
    emitted = emit_model(model.fit(X, y), X.shape[1])
    limit = prove(model, emitted, X, progress=quiet).inputs[0].limit
    assert limit is not None
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 4)).reshape(4, -1).T
    assert Graph(emitted).keeps_products_finite(signs * limit)
    assert not Graph(emitted).keeps_products_finite(signs * np.finfo(np.float64).max)


def test_rows_on_which_scikit_learn_raises_alone_are_beyond_the_limit():
    """Beside others large terms of both signs add up to an infinity, and alone to NaN."""
    X, y = load_iris(return_X_y=True)
    kernel = Nystroem(kernel="sigmoid", n_components=20, random_state=0)
    model = make_pipeline(kernel, RidgeClassifier()).fit(X, y)
    (rows,) = export(model, X).contract.inputs
    assert rows.limit is not None
