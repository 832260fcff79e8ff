"""Transformers side by side, over all columns or over chosen ones."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, RobustScaler, StandardScaler

from convert.errors import Unsupported
from convert.graph.emit import emit_model

X, Y = load_breast_cancer(return_X_y=True)
FEW = X[:, :6]


def test_a_feature_union(side_by_side):
    union = FeatureUnion(
        [
            ("scaled", StandardScaler()),
            ("kept", "passthrough"),
            ("gone", "drop"),
            ("squeezed", MinMaxScaler()),
        ],
        transformer_weights={"squeezed": 0.3, "kept": 2},
    )
    side_by_side(union.fit(X), 30).assert_same_bits("transform", X)


@pytest.mark.parametrize("remainder", ["drop", "passthrough", RobustScaler()], ids=str)
def test_columns_by_position_slice_mask_and_callable(remainder, side_by_side):
    mask = np.array([True, False, False, True, False, False])
    transformer = ColumnTransformer(
        [
            ("by list", StandardScaler(), [2, 0]),
            ("by slice", "passthrough", slice(1, 3)),
            ("from the end", Normalizer(), [-1, -2]),
            ("by mask", MinMaxScaler(), mask),
            ("none", StandardScaler(), []),
            ("gone", "drop", [3]),
            ("by callable", RobustScaler(), lambda X: [0, 1]),
        ],
        remainder=remainder,
        transformer_weights={"by mask": 0.3, "by slice": 3},
    )
    side_by_side(transformer.fit(FEW), 6).assert_same_bits("transform", FEW)


def test_nested_in_a_pipeline(side_by_side):
    columns = make_column_transformer(
        (make_pipeline(StandardScaler(), PCA(3)), [0, 1, 2, 3, 4]),
        (FeatureUnion([("a", MinMaxScaler()), ("b", StandardScaler())]), slice(5, 12)),
        remainder="passthrough",
    )
    chain = make_pipeline(columns, StandardScaler(), LogisticRegression()).fit(X, Y)
    side_by_side(chain, 30).assert_all_close(X)


def test_what_is_refused():
    bad = ColumnTransformer([("bad", make_pipeline(KNNImputer(weights=abs)), [0, 1])]).fit(FEW)
    path = r"transformer 'bad': pipeline step 'knnimputer'"
    with pytest.raises(Unsupported, match=path):
        emit_model(bad, 6)
    with pytest.raises(Unsupported, match="no column is left"):
        emit_model(FeatureUnion([("a", "drop")]).fit(FEW), 6)
