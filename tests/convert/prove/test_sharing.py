"""A forest is asked once for both its verbs, by its own code, and nothing else is remembered."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from convert.graph.emit import emit_model
from convert.prove.reference import Reference
from convert.prove.sharing import with_shared_answers

X, y = load_digits(return_X_y=True)
X, y = X[:200], y[:200]


@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier])
@pytest.mark.parametrize("targets", [y, np.column_stack([y, y % 2])], ids=["one", "two"])
def test_answers_are_the_forests_own_and_each_tree_is_asked_once(monkeypatch, kind, targets):
    forest = kind(7, random_state=0, max_depth=3).fit(X, targets)
    want = forest.predict(X), forest.predict_proba(X)
    before = vars(forest).copy()
    asked = []
    own = DecisionTreeClassifier.predict_proba
    monkeypatch.setattr(
        "sklearn.tree.DecisionTreeClassifier.predict_proba",
        lambda tree, *given, **named: asked.append(1) or own(tree, *given, **named),
    )
    got = Reference(forest, emit_model(forest, X.shape[1]).outputs, None).answers(X)
    assert len(asked) == 7
    assert (got["label"] == want[0]).all()
    probabilities = [want[1]] if targets is y else want[1]
    names = [name for name in got if name != "label"]
    assert len(names) == len(probabilities)
    for name, probability in zip(names, probabilities, strict=True):
        assert got[name].tobytes() == probability.tobytes()
    assert vars(forest) == before


def test_other_rows_are_asked_about_even_where_they_equal_the_last():
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    asked = with_shared_answers(forest)
    rows = X.copy()
    assert (asked.predict(rows) == forest.predict(rows)).all()
    other = rows[::-1].copy()
    assert (asked.predict(other) == forest.predict(other)).all()
    assert asked.predict_proba(other) is asked.predict_proba(other)


def test_a_class_that_may_predict_otherwise_is_asked_for_each_verb():
    class Otherwise(RandomForestClassifier):
        pass

    forest = Otherwise(5, random_state=0).fit(X, y)
    assert with_shared_answers(forest) is forest
