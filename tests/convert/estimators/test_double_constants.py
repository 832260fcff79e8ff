"""Constants that are 0 or 1 in float32 and not in double: onnxruntime must not drop them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import MinMaxScaler, StandardScaler

ROWS = np.array([[1e-60], [-3e-60], [2.5], [1e-8], [0.0]])
NEARLY_ONE = (1 + 2.0**-24, 1 - 2.0**-30, 1 + 2.0**-52)


def one_column(scaler):
    return scaler.fit(np.array([[0.0], [1.0]]))


@pytest.mark.parametrize("scale", NEARLY_ONE)
def test_a_scale_that_is_nearly_one(side_by_side, scale):
    scaler = one_column(StandardScaler())
    scaler.mean_, scaler.scale_ = np.zeros(1), np.array([scale])
    side_by_side(scaler, 1).assert_same_bits("transform", ROWS)


def test_a_mean_that_is_nearly_zero(side_by_side):
    scaler = one_column(StandardScaler())
    scaler.mean_, scaler.scale_ = np.array([1e-60]), np.array([1e-60])
    side_by_side(scaler, 1).assert_same_bits("transform", ROWS)


@pytest.mark.parametrize("scale", NEARLY_ONE)
def test_a_factor_that_is_nearly_one(side_by_side, scale):
    scaler = one_column(MinMaxScaler())
    scaler.scale_, scaler.min_ = np.array([scale]), np.array([1e-60])
    side_by_side(scaler, 1).assert_same_bits("transform", ROWS)


def test_an_intercept_that_is_nearly_zero(side_by_side):
    model = LinearRegression().fit(np.array([[0.0], [1.0]]), [0.0, 1.0])
    model.coef_, model.intercept_ = np.array([1.0]), 1e-60
    side_by_side(model, 1).assert_same_bits("predict", ROWS)
