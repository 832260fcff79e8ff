"""Data frames of numbers, text, booleans and holes, from scikit-learn to the device."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeClassifier

import convert
from edge_infer import BadInput

pytestmark = pytest.mark.usefixtures("shorter")


def shop(seed=0, n=160):
    """City, age with holes, member, visits and tier with holes."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "city": rng.choice(["Paris", "Rome", "Zürich", "Oslo"], n),
            "age": rng.normal(40, 10, n).round(1),
            "member": rng.random(n) > 0.5,
            "visits": rng.integers(0, 9, n),
            "tier": rng.choice(["gold", "silver"], n),
        }
    )
    frame.loc[rng.random(n) < 0.1, "age"] = np.nan
    frame.loc[rng.random(n) < 0.2, "tier"] = np.nan
    score = (frame.age.fillna(40) - 40) / 10 + (frame.city == "Rome") + 0.2 * frame.visits
    return frame, (score + rng.normal(scale=0.3, size=n) > 1).astype(int)


IMPUTED = make_pipeline(
    SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
)
NUMBERS = make_pipeline(SimpleImputer(), StandardScaler())


def mixed(last, *, city=None, tier=IMPUTED):
    columns = ColumnTransformer(
        [
            ("city", city or OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("tier", tier, ["tier"]),
            ("numbers", NUMBERS, ["age", "visits"]),
            ("member", "passthrough", ["member"]),
        ]
    )
    return make_pipeline(columns, last)


ORDINAL = OrdinalEncoder(
    handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
)
MODELS = {
    "logistic": mixed(LogisticRegression()),
    "forest": mixed(RandomForestClassifier(8, max_depth=5, random_state=0), tier=ORDINAL),
    "ridge": mixed(Ridge()),
    "target": mixed(LogisticRegression(), city=TargetEncoder()),
    "constant": mixed(
        LogisticRegression(),
        tier=make_pipeline(SimpleImputer(strategy="constant", fill_value="none"), ORDINAL),
    ),
    "infrequent": mixed(
        LogisticRegression(),
        city=OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.24),
    ),
    "search": GridSearchCV(mixed(LogisticRegression()), {"logisticregression__C": [0.1, 1.0]}),
    "vote": VotingClassifier(
        [("a", mixed(LogisticRegression())), ("b", mixed(DecisionTreeClassifier(max_depth=3)))],
        voting="soft",
    ),
    "selected by dtype": make_pipeline(
        ColumnTransformer(
            [
                (
                    "text",
                    OneHotEncoder(handle_unknown="ignore", drop="first"),
                    make_column_selector(dtype_include=["object", "str"]),
                )
            ],
            remainder=SimpleImputer(),
        ),
        LogisticRegression(max_iter=500),
    ),
    "missing marked": mixed(LogisticRegression(), tier=MissingIndicator()),
}


def hostile(frame):
    """The frame with texts, cases, spaces, forms and holes that were not in the training."""
    words = ["paris", "Paris ", "", "Zu\u0308rich", "Z\u00fcrich", "nan", "x" * 500, "\0", None]
    rows = frame.iloc[: len(words)].copy().reset_index(drop=True)
    rows["city"] = words
    more = rows.copy()
    more["city"], more["tier"] = "Rome", words
    return pd.concat([rows, more], ignore_index=True)


def assert_parity(model, estimator, frame):
    for verb in set(model.verbs) - {"predict_log_proba"}:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            want = getattr(estimator, verb)(frame)
        got = getattr(model, verb)(frame)
        if verb == "predict" and want.dtype.kind != "f":
            np.testing.assert_array_equal(got, want)
        else:
            np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)


ALWAYS = {"logistic", "missing marked"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in ALWAYS else pytest.mark.deep) for name in MODELS],
)
def test_a_model_of_mixed_columns_answers_as_scikit_learn(name, loaded):
    frame, y = shop()
    estimator = MODELS[name].fit(frame, y)
    model = loaded(convert.export(estimator, frame))
    assert_parity(model, estimator, frame)
    assert_parity(model, estimator, hostile(frame))
    words = [p.rows for p in model.certificate.probes if p.kind == "word"]
    assert words
    assert words[0] > 20


@pytest.fixture(scope="module")
def refusing(loaded):
    """scikit-learn raises on an unknown city and on a missing tier."""
    frame, y = shop()
    frame["tier"] = frame["tier"].fillna("none")
    estimator = mixed(LogisticRegression(), city=OneHotEncoder(), tier=OrdinalEncoder())
    return loaded(convert.export(estimator.fit(frame, y), frame)), estimator, frame


def test_unseen_categories_are_refused_where_scikit_learn_raises(refusing):
    model, estimator, frame = refusing
    assert_parity(model, estimator, frame)
    assert any(p.kind == "refused row" and p.rows > 20 for p in model.certificate.probes)
    for column, text in (("city", "paris"), ("city", ""), ("tier", "Gold"), ("tier", np.nan)):
        rows = frame.iloc[:4].copy()
        rows.loc[2, column] = text
        with pytest.raises(ValueError):
            estimator.predict(rows)
        with pytest.raises(BadInput, match=r"row 2"):
            model.predict(rows)


@pytest.mark.deep
def test_none_as_a_category_is_told_apart_from_nan(loaded):
    frame, y = shop()
    frame["tier"] = frame["tier"].astype(object).where(frame["tier"].notna(), None)
    estimator = mixed(LogisticRegression(), tier=OneHotEncoder()).fit(frame, y)
    model = loaded(convert.export(estimator, frame))
    assert None in estimator[0].named_transformers_["tier"].categories_[0]
    assert_parity(model, estimator, frame)


def test_columns_named_like_the_graph_own_values(loaded):
    frame, y = shop()
    names = {"city": "label", "age": "probabilities", "tier": "my tier: (%)", "visits": "op_1"}
    frame = frame.rename(columns=names)
    columns = ColumnTransformer(
        [
            ("text", OneHotEncoder(handle_unknown="ignore"), ["label", "my tier: (%)"]),
            ("numbers", NUMBERS, ["probabilities", "op_1", "member"]),
        ]
    )
    estimator = make_pipeline(columns, LogisticRegression()).fit(frame, y)
    model = loaded(convert.export(estimator, frame))
    assert_parity(model, estimator, frame)
    assert [wanted.columns for wanted in model.inputs] == [(name,) for name in frame.columns]


def test_a_frame_of_one_text_column(loaded):
    frame, y = shop()
    estimator = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    estimator.fit(frame[["city"]], y)
    model = loaded(convert.export(estimator, frame[["city"]]))
    assert_parity(model, estimator, frame[["city"]])
    assert model.predict_one({"city": "Rome"}) == model.predict_one(["Rome"])


def test_a_transformer_of_text_alone(loaded):
    frame, _ = shop()
    estimator = OrdinalEncoder().fit(frame[["city", "tier"]])
    model = loaded(convert.export(estimator, frame[["city", "tier"]]))
    want = estimator.transform(frame[["city", "tier"]])
    np.testing.assert_array_equal(model.transform(frame[["city", "tier"]]), want)


def test_numbers_alone_stay_one_matrix():
    frame, y = shop()
    numbers = frame[["visits", "member"]]
    artifact = convert.export(LogisticRegression().fit(numbers, y), numbers)
    assert [wanted.name for wanted in artifact.contract.inputs] == ["X"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f.rename(columns={"city": "town"}), "columns"),
        (lambda f: f[["age", "city", "member", "visits", "tier"]], "columns"),
        (lambda f: f.assign(city=[object()] * len(f)), "neither numbers nor text"),
        (lambda f: f.assign(city=pd.Timestamp("2026-01-01")), "neither numbers nor text"),
        (lambda f: f.assign(tier=[None, np.nan] * (len(f) // 2)).astype({"tier": object}), "tier"),
        (lambda f: f.iloc[:0], "no rows"),
    ],
)
def test_samples_that_do_not_fit_are_refused(change, reason):
    frame, y = shop()
    estimator = MODELS["logistic"].fit(frame, y)
    with pytest.raises(BadInput, match=reason):
        convert.export(estimator, change(frame))


def test_text_that_nobody_encodes_is_refused():
    frame, _ = shop()
    columns = ColumnTransformer([("all", "passthrough", ["age", "city"])])
    with pytest.raises(convert.Unsupported, match="numbers alone"):
        convert.export(columns.fit(frame), frame)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("dtype", ["int64", "int8", "uint32", "bool"])
def test_whole_numbers_in_a_column_of_floats_are_answered_or_refused(dtype, loaded):
    frame, y = shop()
    estimator = MODELS["logistic"].fit(frame, y)
    model = loaded(convert.export(estimator, frame))
    rows = frame.assign(age=frame.age.fillna(0).astype(dtype))
    assert dtype in next(wanted for wanted in model.inputs if wanted.columns == ("age",)).accepts
    assert_parity(model, estimator, rows)
    assert_parity(model, estimator, frame.assign(visits=frame.visits.astype("uint16")))


def test_integers_that_wrap_around_where_doubles_do_not_are_refused(loaded):
    """numpy squares int8 in int8: 100 becomes 16."""
    frame, y = shop()
    columns = ColumnTransformer(
        [
            ("city", OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("age", FunctionTransformer(np.square), ["age", "visits"]),
        ]
    )
    frame["age"] = frame["age"].fillna(40)
    frame = frame[["city", "age", "visits"]]
    with pytest.raises(convert.NotExact) as refusal:  # int64 wraps too, at the largest visits
        convert.export(make_pipeline(columns, Ridge()).fit(frame, y), frame)
    assert "fault" not in refusal.value.hint
    assert "integers of 'visits'" in refusal.value.hint
    assert "astype({'visits': float})" in refusal.value.hint
    frame = frame.astype({"visits": float})
    estimator = make_pipeline(columns, Ridge()).fit(frame, y)
    model = loaded(convert.export(estimator, frame))
    for column in ("age", "visits"):
        rows = frame.assign(**{column: np.int8(100)})
        assert estimator.predict(rows)[0] != estimator.predict(rows.astype({column: float}))[0]
        with pytest.raises(BadInput, match="not proven"):
            model.predict(rows)
    assert_parity(model, estimator, frame)


@pytest.mark.deep
def test_boosting_on_categories_of_a_frame(loaded):
    frame, y = shop()
    for kind in ("category", None):
        rows = frame if kind is None else frame.astype({"city": kind, "tier": kind})
        named = "from_dtype" if kind else ["city", "tier"]
        estimator = HistGradientBoostingClassifier(max_iter=10, categorical_features=named)
        estimator.fit(rows, y)
        model = loaded(convert.export(estimator, rows))
        assert_parity(model, estimator, rows)
        if kind is None:
            assert_parity(model, estimator, hostile(rows))
