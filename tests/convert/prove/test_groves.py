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
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from convert.prove.splits import groves

X, y = load_iris(return_X_y=True)
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


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
    """Each of 20 trees alone takes a bisection of some hundred calls."""
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
    assert calls(boosted) < 2 * calls(TREE)
