"""Text from documents to the device: counted by the runtime as scikit-learn counts it."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import convert
from convert.estimators.text_vectorizers import _described, _vocabulary
from edge_infer import BadInput
from edge_infer.murmurhash import murmurhash3_32
from edge_infer.text import Counter

pytestmark = pytest.mark.usefixtures("shorter")
WORDS = "the cat sat on mat café résumé Python code great bad awful nice it's well-done 3.14 NASA"
HOSTILE = [
    "",
    "   ",
    "GREAT café CAFE\u0301 caf\u00e9",
    "\u0130stanbul stra\u00dfe \ufb01ne \u03a3\u0399\u03a3",
    "one\u00a0two\u2003three\x1cfour\x85five",
    "\u0663\u0664 \u00bd x\u00b2 \u4f60\u597d \u4e16\u754c a\u200db",
    "great " * 400,
    "a\0b great\0bad",
]


def corpus(n=120):
    rng = np.random.default_rng(0)
    documents = [" ".join(rng.choice(WORDS.split(), rng.integers(2, 14))) for _ in range(n)]
    return documents, np.array([int("great" in d or "nice" in d) for d in documents])


VECTORIZERS = {
    "words": CountVectorizer(),
    "bigrams": CountVectorizer(ngram_range=(1, 2), binary=True),
    "only bigrams": CountVectorizer(ngram_range=(2, 3)),
    "case kept": CountVectorizer(lowercase=False, token_pattern=r"[\w']+"),
    "one group": CountVectorizer(token_pattern=r"(\w)\w*"),
    "stop words": CountVectorizer(stop_words="english"),
    "own stop words": CountVectorizer(stop_words=["cat", "the"], ngram_range=(1, 2)),
    "ascii": CountVectorizer(strip_accents="ascii"),
    "unicode": CountVectorizer(strip_accents="unicode", analyzer="char", ngram_range=(1, 3)),
    "characters": CountVectorizer(analyzer="char", ngram_range=(2, 4)),
    "in words": CountVectorizer(analyzer="char_wb", ngram_range=(2, 6)),
    "vocabulary": CountVectorizer(vocabulary=["great", "bad", "cat sat", "Python"]),
    "frequent": CountVectorizer(min_df=5, max_df=0.6, max_features=9),
    "tf-idf": TfidfVectorizer(),
    "sublinear": TfidfVectorizer(sublinear_tf=True, norm="l1", smooth_idf=False),
    "tf": TfidfVectorizer(use_idf=False, norm=None, binary=True),
    "hashed": HashingVectorizer(n_features=64),
    "hashed characters": HashingVectorizer(
        n_features=97, analyzer="char_wb", ngram_range=(1, 3), alternate_sign=False, norm="l1"
    ),
    "hashed binary": HashingVectorizer(n_features=16, binary=True, norm=None),
}


def counted(vectorizer, documents):
    """By scikit-learn, without what follows the counts."""
    plain = CountVectorizer if hasattr(vectorizer, "vocabulary_") else HashingVectorizer
    settings = {k: v for k, v in vectorizer.get_params().items() if k in plain().get_params()}
    if plain is HashingVectorizer:
        return plain(**{**settings, "norm": None}).transform(documents).toarray()
    made = plain(**{**settings, "vocabulary": vectorizer.vocabulary_, "dtype": np.float64})
    return made.transform(documents).toarray()


@pytest.mark.parametrize("name", VECTORIZERS)
def test_counts_are_those_of_scikit_learn(name):
    documents = corpus()[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vectorizer = VECTORIZERS[name].fit(documents)
        hashed = isinstance(vectorizer, HashingVectorizer)
        counter = Counter(_described(vectorizer, () if hashed else _vocabulary(vectorizer)))

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
        def check(found):
            np.testing.assert_array_equal(counter.counts(found), counted(vectorizer, found))

        check()
        both = [*documents, *HOSTILE]
        np.testing.assert_array_equal(counter.counts(both), counted(vectorizer, both))


@given(st.binary(max_size=40), st.integers(0, 2**32 - 1))
def test_the_hash_is_that_of_scikit_learn(data, seed):
    from sklearn.utils import murmurhash3_32 as reference

    assert murmurhash3_32(data, seed) == reference(data, seed)


def assert_parity(model, estimator, documents):
    for verb in set(model.verbs) - {"predict_log_proba"}:
        got, want = getattr(model, verb)(documents), getattr(estimator, verb)(documents)
        if verb == "predict" and want.dtype.kind != "f":
            np.testing.assert_array_equal(got, want)
        else:
            np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("vectorizer", "last"),
    [
        ("bigrams", MultinomialNB()),
        ("in words", DecisionTreeClassifier(max_depth=4, random_state=0)),
        ("tf-idf", LogisticRegression()),
        ("sublinear", Ridge()),
        ("hashed", LogisticRegression()),
    ],
)
def test_a_model_of_documents(vectorizer, last, loaded):
    documents, y = corpus()
    estimator = make_pipeline(VECTORIZERS[vectorizer], last).fit(documents, y)
    model = loaded(convert.export(estimator, documents))
    assert_parity(model, estimator, [*documents, *HOSTILE])
    assert model.predict_one(documents[0]) == model.predict([documents[0]])[0]
    np.testing.assert_array_equal(model.predict(np.array(documents)), model.predict(documents))


def test_counts_weighted_by_a_step_of_their_own(loaded):
    documents, _ = corpus()
    estimator = make_pipeline(CountVectorizer(), TfidfTransformer(), TruncatedSVD(3))
    model = loaded(convert.export(estimator.fit(documents), documents))
    assert_parity(model, estimator, documents)


@pytest.mark.deep
def test_documents_beside_categories_and_numbers(loaded):
    documents, y = corpus()
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "stars": rng.integers(1, 6, len(y)).astype(float),
            "review": documents,
            "shop": rng.choice(["north", "south"], len(y)),
        }
    )
    columns = ColumnTransformer(
        [
            ("review", TfidfVectorizer(), "review"),
            ("letters", HashingVectorizer(n_features=32, analyzer="char"), "review"),
            ("shop", OneHotEncoder(handle_unknown="ignore"), ["shop"]),
            ("stars", StandardScaler(), ["stars"]),
        ]
    )
    estimator = make_pipeline(columns, LogisticRegression()).fit(frame, y)
    model = loaded(convert.export(estimator, frame))
    assert_parity(model, estimator, frame)
    strange = frame.iloc[: len(HOSTILE)].assign(review=HOSTILE)
    assert_parity(model, estimator, strange)
    row = frame.iloc[0]
    assert model.predict_one(row.to_dict()) == model.predict_one(row.tolist())
    assert [wanted.columns for wanted in model.inputs] == [
        ("stars",),
        ("review",),
        ("review",),
        ("shop",),
    ]
    for bad in (None, np.nan, 3, b"bytes"):
        rows = frame.iloc[:3].astype({"review": object})
        rows.iloc[1, 1] = bad
        with pytest.raises(BadInput, match="row 1, column 'review'"):
            model.predict(rows)


@pytest.fixture(scope="module")
def reviews(loaded):
    documents, y = corpus()
    estimator = make_pipeline(CountVectorizer(), LogisticRegression()).fit(documents, y)
    return loaded(convert.export(estimator, documents))


@pytest.mark.parametrize(
    "X",
    ["one text", b"bytes", [], [None], [["nested"]], [1.0], {"text": ["a"]}, np.ones((2, 2))],
)
def test_what_is_no_sequence_of_documents_is_refused(reviews, X):
    with pytest.raises(BadInput):
        reviews.predict(X)


def test_a_character_of_another_unicode_is_refused(monkeypatch):
    vectorizer = CountVectorizer().fit(["cat dog"])
    text = _described(vectorizer, _vocabulary(vectorizer))
    monkeypatch.setattr("edge_infer.text.unicodedata.unidata_version", "99.0.0", raising=False)
    counter = Counter(text)
    np.testing.assert_array_equal(counter.counts(["cat café \u4f60"]), [[1.0, 0.0]])
    with pytest.raises(BadInput, match="U\\+0378"):
        counter.counts(["cat \u0378"])


@pytest.mark.parametrize(
    ("vectorizer", "reason"),
    [
        (CountVectorizer(tokenizer=str.split, token_pattern=None), "tokenizer"),
        (CountVectorizer(analyzer=str.split), "analyzer"),
        (TfidfVectorizer(preprocessor=str.lower), "preprocessor"),
        (TfidfVectorizer(strip_accents=str.lower), "strip_accents"),
        (HashingVectorizer(), "too wide"),
        (TfidfVectorizer(dtype=np.float32), "dtype"),
    ],
)
def test_what_a_device_cannot_repeat_is_refused_by_name(vectorizer, reason):
    documents, y = corpus(40)
    estimator = make_pipeline(vectorizer, LogisticRegression()).fit(documents, y)
    with pytest.raises(convert.Unsupported, match=reason) as refusal:
        convert.export(estimator, documents)
    is_callable = "callable" in str(refusal.value)
    assert is_callable == (reason in {"tokenizer", "analyzer", "preprocessor", "strip_accents"})
    assert ("convert.register" in refusal.value.hint) == is_callable


def test_sparse_rows_are_not_returned():
    documents, _ = corpus(40)
    with pytest.raises(convert.Unsupported, match="sparse"):
        convert.export(TfidfVectorizer().fit(documents), documents)


def test_an_engine_that_reads_no_text_refuses_the_model():
    from convert.native.compiling import compile_model

    documents, y = corpus(40)
    estimator = make_pipeline(CountVectorizer(), LogisticRegression()).fit(documents, y)
    artifact = convert.export(estimator, documents)
    with pytest.raises(convert.Unsupported, match="text"):
        compile_model(artifact.onnx, artifact.contract)
