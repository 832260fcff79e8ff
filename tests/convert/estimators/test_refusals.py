"""What has no exact graph is refused by name, with the step of the pipeline."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from convert.errors import Unsupported
from convert.graph.emit import emit_model
from edge_infer.errors import BadInput

X, Y = load_iris(return_X_y=True)


class Shouting(LogisticRegression):
    def predict(self, X):
        return np.zeros(len(X))


def test_an_unknown_step_is_named():
    chain = make_pipeline(StandardScaler(), KNNImputer(weights=abs)).fit(X)
    with pytest.raises(Unsupported, match=r"step 'knnimputer'.*KNNImputer"):
        emit_model(chain, 4)


def test_a_subclass_may_predict_otherwise():
    with pytest.raises(Unsupported, match="Shouting"):
        emit_model(Shouting(max_iter=500).fit(X, Y), 4)


@pytest.mark.parametrize(
    "estimator",
    [SGDClassifier(), make_pipeline(StandardScaler(), SGDClassifier())],
    ids=["alone", "pipeline"],
)
def test_unfitted(estimator):
    with pytest.raises(BadInput, match="not fitted"):
        emit_model(estimator, 4)


def test_partly_fitted_pipeline():
    chain = make_pipeline(StandardScaler().fit(X), SGDClassifier())
    with pytest.raises(BadInput, match="not fitted"):
        emit_model(chain, 4)


@pytest.mark.parametrize("thing", [None, 3, {"coef_": 1}, SGDClassifier, np.ones(3)], ids=repr)
def test_not_an_estimator(thing):
    with pytest.raises(BadInput, match="not a scikit-learn estimator"):
        emit_model(thing, 4)


def test_a_callable_kernel():
    with pytest.raises(Unsupported, match="callable kernel"):
        emit_model(SVC(kernel=lambda a, b: a @ b.T).fit(X, Y), 4)
