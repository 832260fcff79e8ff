"""Rows on which a step raises because the step before it made too much of them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from convert import NotExact, export
from convert.estimators.handover import sets_apart
from convert.graph.emit import emit_model
from edge_infer.errors import BadInput

IRIS, KIND = load_iris(return_X_y=True)
APART = IRIS * np.array([1.0, 1.0, 1e-30, 1e30])


def forest():
    return RandomForestClassifier(5, random_state=0)


@pytest.mark.usefixtures("shorter")
@pytest.mark.parametrize("scaler", [StandardScaler(), PowerTransformer()], ids=str)
def test_what_overflows_from_one_column_is_ordinary_in_another(scaler, loaded):
    """No one |x| refuses 1e10 in a column of 1e-30 and lets 1e30 in beside it."""
    model = make_pipeline(scaler, forest()).fit(APART, KIND)
    device = loaded(export(model, APART))
    assert (device.predict(APART) == model.predict(APART)).all()
    row = APART[:1].copy()
    row[0, 2] = 1e10
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="too large"):
        model.predict(row)
    with pytest.raises(BadInput):
        device.predict(row)


@pytest.mark.parametrize(
    "scaler", [StandardScaler(), RobustScaler(), MinMaxScaler(), MaxAbsScaler()], ids=str
)
def test_only_columns_that_far_apart_add_a_check(scaler):
    apart = IRIS * np.array([1.0, 1.0, 1e-13, 1e30])
    for rows, checked in ((IRIS, False), (apart, True)):
        for chain in (
            make_pipeline(scaler, forest()),
            make_pipeline(make_pipeline(scaler), forest()),
        ):
            emitted = emit_model(chain.fit(rows, KIND), 4)
            assert bool(emitted.checks) is checked


def test_a_scaler_that_leaves_units_alone_sets_nothing_apart():
    assert not sets_apart(StandardScaler(with_std=False).fit(APART))


def test_a_row_on_which_scikit_learn_raises_is_shown_and_why_it_may():
    model = make_pipeline(PowerTransformer("box-cox"), forest()).fit(APART, KIND)
    with pytest.raises(NotExact, match="units that bring them together") as refusal:
        export(model, APART)
    assert "too large" in refusal.value.actual
