"""What one step of a pipeline hands to the next besides numbers: dtype and sparsity.

Inside the graph every row is float64 and dense. scikit-learn's own rows may be sparse, which
changes no value, or of another dtype, which may change what the next step computes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sklearn import feature_selection, impute, preprocessing, random_projection
from sklearn.pipeline import Pipeline

from convert.errors import Unsupported

if TYPE_CHECKING:
    from convert.graph.emission import Emission, Scores

KEEP_SPARSE = frozenset(
    {
        Pipeline,
        feature_selection.GenericUnivariateSelect,
        feature_selection.RFE,
        feature_selection.RFECV,
        feature_selection.SelectFdr,
        feature_selection.SelectFpr,
        feature_selection.SelectFromModel,
        feature_selection.SelectFwe,
        feature_selection.SelectKBest,
        feature_selection.SelectPercentile,
        feature_selection.SequentialFeatureSelector,
        feature_selection.VarianceThreshold,
        impute.MissingIndicator,
        impute.SimpleImputer,
        preprocessing.Binarizer,
        preprocessing.FunctionTransformer,
        preprocessing.MaxAbsScaler,
        preprocessing.Normalizer,
        preprocessing.PolynomialFeatures,
        preprocessing.QuantileTransformer,
        preprocessing.RobustScaler,
        preprocessing.StandardScaler,
        random_projection.SparseRandomProjection,
    }
)
"""Transformers that return a sparse matrix for a sparse matrix."""


def received(step: Any, emission: Emission, rows: Scores | None) -> Emission:
    """What a step returns for the rows that the step before it hands over.

    Raises:
        Unsupported: it would compute in another precision than double.
    """
    if rows is None:
        return emission
    check_double(step, rows)
    own = emission.verbs.get("transform")
    if own is None or not rows.sparse or type(step) not in KEEP_SPARSE:
        return emission
    return replace(emission, verbs={**emission.verbs, "transform": replace(own, sparse=True)})


def check_double(step: Any, rows: Scores) -> None:
    """Refuse rows on which the step would not compute in double."""
    # numpy's functions answer int64 with int64 and bool with float16
    elementwise = type(step) is preprocessing.FunctionTransformer
    if rows.dtype == "float32" or (elementwise and rows.dtype != "float64"):
        raise Unsupported(
            f"{type(step).__name__} would compute on {rows.dtype} rows",
            expected="float64 rows",
            actual=rows.dtype,
            hint="give the step before it dtype=numpy.float64",
        )
