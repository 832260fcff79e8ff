"""Members of an ensemble that see the same rows are led to their thresholds together."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.multioutput import ClassifierChain, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from convert.export import export
from convert.prove.splits import groves

X, y = load_iris(return_X_y=True)
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_the_trees_of_a_chain_see_what_those_before_them_say(method):
    """The second reads column 4, which is no column of the rows."""
    noise = np.random.default_rng(0).integers(0, 2, size=len(X))
    targets = np.stack([noise, noise], axis=1)
    chain = ClassifierChain(TREE, chain_method=method).fit(X, targets)
    first, second = groves(chain, lambda rows: rows)
    assert first.before(X).shape == (150, 4)
    assert second.trees[0].feature[second.trees[0].splits].tolist() == [4]
    answer = chain.predict_proba(X)[:, 1]
    np.testing.assert_array_equal(
        chain.estimators_[1].predict_proba(second.before(X))[:, 1], answer
    )
    numbers = np.stack([X[:, 3], X[:, 3] ** 2], axis=1)
    certificate = export(RegressorChain(DecisionTreeRegressor()).fit(X, numbers), X)
    counts = {one.kind: one.rows for one in certificate.contract.certificate.probes}
    assert counts["tree threshold"] > 100


@pytest.mark.parametrize(
    ("estimator", "trees"),
    [
        (AdaBoostClassifier(TREE, n_estimators=5, random_state=0), [5]),
        (make_pipeline(StandardScaler(), AdaBoostClassifier(TREE, n_estimators=5)), [5]),
        (VotingClassifier([(c, make_pipeline(PCA(2), TREE)) for c in "abc"]), [1, 1, 1]),
        (
            VotingClassifier(
                [
                    ("behind", make_pipeline(StandardScaler(), TREE)),
                    ("forest", RandomForestClassifier(4, random_state=0)),
                    ("tree", TREE),
                    ("double", HistGradientBoostingClassifier(max_iter=1)),
                ]
            ),
            [1, 5, 3],
        ),
    ],
    ids=["boosted", "scaled", "each behind its own step", "voting"],
)
def test_trees_are_grouped_by_the_rows_that_they_see(estimator, trees):
    found = groves(estimator.fit(X, y), np.asarray)
    assert [len(grove.trees) for grove in found] == trees
    assert all(len({tree.single for tree in grove.trees}) == 1 for grove in found)
    for grove in found:
        assert all(tree.feature.max() < grove.before(X).shape[1] for tree in grove.trees)


def test_steps_are_asked_as_often_for_a_boosted_ensemble_as_for_a_tree(monkeypatch):
    """Each of 20 trees alone takes some hundred calls: apart they would be twenty times as many."""
    from convert import export

    asked = []
    own = PCA.transform
    monkeypatch.setattr(
        "sklearn.decomposition.PCA.transform", lambda *given: asked.append(1) or own(*given)
    )

    def calls(last):
        estimator = make_pipeline(PCA(3), last).fit(X, y)
        asked.clear()
        export(estimator, X)
        return len(asked)

    boosted = AdaBoostClassifier(TREE, n_estimators=20, random_state=0)
    assert calls(boosted) < 3 * calls(TREE)
