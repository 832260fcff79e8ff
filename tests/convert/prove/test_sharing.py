"""Members are asked once for both verbs, by their own code, and nothing else is remembered."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process._gpc import _BinaryGaussianProcessClassifierLaplace as Binary
from sklearn.linear_model import RidgeClassifier
from sklearn.multiclass import OneVsOneClassifier
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


def test_each_binary_gaussian_process_is_asked_once(monkeypatch):
    model = GaussianProcessClassifier().fit(X[:60], y[:60] % 3)
    want = model.predict(X), model.predict_proba(X)
    asked = []
    own = Binary.predict_proba
    monkeypatch.setattr(
        Binary, "predict_proba", lambda one, rows: asked.append(1) or own(one, rows)
    )
    got = Reference(model, emit_model(model, X.shape[1]).outputs, None).answers(X)
    assert len(asked) == 3
    assert (got["label"] == want[0]).all()
    assert got["probabilities"].tobytes() == want[1].tobytes()
    asked.clear()
    model.predict(X)
    assert len(asked) == 3, "the user's own object remembers nothing"


def test_each_pair_of_classes_is_asked_once(monkeypatch):
    model = OneVsOneClassifier(RidgeClassifier()).fit(X, y)
    want = model.predict(X), model.decision_function(X)
    asked = []
    own = OneVsOneClassifier.decision_function
    monkeypatch.setattr(
        OneVsOneClassifier, "decision_function", lambda one, rows: asked.append(1) or own(one, rows)
    )
    got = Reference(model, emit_model(model, X.shape[1]).outputs, None).answers(X)
    assert len(asked) == 1
    assert (got["label"] == want[0]).all()
    assert got["decision"].tobytes() == want[1].tobytes()


@pytest.mark.parametrize("multi_class", ["one_vs_rest", "one_vs_one"])
@pytest.mark.parametrize("classes", [2, 3])
def test_other_gaussian_processes_answer_as_ever(multi_class, classes):
    model = GaussianProcessClassifier(multi_class=multi_class).fit(X[:60], y[:60] % classes)
    asked = with_shared_answers(model)
    shared = (multi_class, classes) == ("one_vs_rest", 3)
    assert (asked is not model) == shared
    assert (asked.predict(X) == model.predict(X)).all()


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
