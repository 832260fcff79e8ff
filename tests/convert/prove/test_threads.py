"""Brute force on more than one chunk of training rows: as many answers as there are threads."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import VotingRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from convert.errors import NotExact
from convert.export import export
from convert.prove import prove
from convert.prove.effort import Bounds
from convert.prove.threads import divides_among_threads

DIGITS, LABELS = (part[:400] for part in load_digits(return_X_y=True))


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    few = Bounds(probes=(400, 500), alone=(8, 10), engine=(30, 40), row_buffers=20)
    monkeypatch.setattr("convert.prove.effort.BOUNDS", few)


def neighbors(model, rows, threads):
    with threadpool_limits(threads, user_api="openmp"):
        return np.sort(model.kneighbors(rows)[1])


def test_another_number_of_threads_is_another_answer_and_is_refused(monkeypatch):
    """At once: where scikit-learn contradicts itself no other graph is worth a second proof."""
    proofs = []
    monkeypatch.setattr(
        "convert.prove.prove", lambda *given, **named: proofs.append(1) or prove(*given, **named)
    )
    model = LocalOutlierFactor(novelty=True).fit(DIGITS)
    differ = (neighbors(model, DIGITS, 1) != neighbors(model, DIGITS, 2)).any(axis=1)
    assert differ.any(), "no tie that two threads break otherwise: choose other rows"
    with pytest.raises(NotExact, match=r"disagrees with itself.*of OpenMP's threads") as refusal:
        export(model, DIGITS)
    assert "kd_tree" in refusal.value.hint
    assert len(proofs) == 1


@pytest.mark.deep
def test_one_chunk_of_training_rows_has_one_answer():
    rows = DIGITS[:200]
    model = LocalOutlierFactor(novelty=True).fit(rows)
    assert (neighbors(model, DIGITS, 1) == neighbors(model, DIGITS, 2)).all()
    parities = export(model, rows).contract.certificate.parity
    assert all(parity.differ == 0 for parity in parities)


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        (KNeighborsClassifier(algorithm="brute"), True),
        (make_pipeline(StandardScaler(), KNeighborsClassifier(algorithm="brute")), True),
        (VotingRegressor([("near", KNeighborsRegressor(algorithm="brute"))]), True),
        (KNeighborsClassifier(algorithm="kd_tree"), False),
    ],
    ids=["alone", "pipeline", "member", "tree"],
)
def test_it_is_asked_wherever_it_may_tell(model, asked):
    assert divides_among_threads(model.fit(DIGITS, LABELS)) == asked
    assert not divides_among_threads(model.fit(DIGITS[:256], LABELS[:256]))
