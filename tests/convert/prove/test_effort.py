"""The proof of a model is the same on a loaded machine as on an idle one."""

from __future__ import annotations

import cProfile
import gc
import sys
import time

import numpy as np
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from convert.export import export
from convert.graph.emit import emit_model
from convert.prove.effort import counted_effort
from convert.prove.reference import Reference

X, Y = load_iris(return_X_y=True)


def effort_of(model):
    emitted = emit_model(model.fit(X, Y), X.shape[1])
    return counted_effort(Reference(model, emitted.outputs, None), emitted, X)


def test_a_slow_machine_gets_no_smaller_proof(monkeypatch):
    model = LogisticRegression(max_iter=200).fit(X, Y)
    idle = export(model, X).contract
    answers_of = Reference.answers_of

    def slowly(self, *given):
        time.sleep(0.002)
        return answers_of(self, *given)

    monkeypatch.setattr(Reference, "answers_of", slowly)
    loaded = export(model, X).contract
    assert loaded.certificate.probes == idle.certificate.probes
    assert loaded.certificate.notes == idle.certificate.notes
    assert loaded.golden == idle.golden


def test_a_dear_answer_is_asked_for_less_often():
    cheap = effort_of(LogisticRegression(max_iter=200))
    dear = effort_of(BaggingClassifier(GaussianNB(), 100, random_state=0))
    assert cheap.alone > dear.alone
    assert cheap.probes >= dear.probes


def test_counting_twice_gives_one_count_and_leaves_no_trace():
    model = RandomForestClassifier(20, random_state=0)
    profiler = cProfile.Profile()
    with profiler:
        first = effort_of(model)
        assert sys.getprofile() is profiler
    assert gc.isenabled()
    assert effort_of(model) == first
    assert np.all([first.probes, first.alone, first.engine, first.row_buffers])
