"""Samples with text: from CSV and data frames through the child to a device's command line."""

from __future__ import annotations

import io
import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import convert
from convert.samples import read_samples, samples_of_bytes
from edge_infer import BadInput
from edge_infer.__main__ import main
from edge_infer.trust.keygen import generate
from edge_infer.trust.signing import sign_file

FRAME = pd.DataFrame(
    {
        "city": ["Rome", "Oslo, N", None, 'the "old" one', "é\0", "1"] * 5,
        "age": [1.5, np.nan, 0.1, 1e-300, np.inf, -0.0] * 5,
        "member": [True, False, True, True, False, False] * 5,
        "visits": [1, -2, 3, 2**53, 0, 7] * 5,
    }
)


def same(found, want):
    assert list(found.columns) == list(want.columns)
    for name in want:
        got = [None if v != v else v for v in found[name].tolist()]
        expected = [None if v is None or v != v else v for v in want[name].tolist()]
        assert got == expected
        assert found[name].dtype == want[name].dtype


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_a_data_frame_survives_the_way_to_another_process(dtype):
    frame = FRAME.astype({"city": dtype})
    found = samples_of_bytes(read_samples(frame).to_bytes())
    same(found, FRAME.astype({"city": object}))


def test_none_and_nan_are_told_apart_on_the_way():
    for missing in (None, np.nan):
        frame = pd.DataFrame({"city": pd.Series(["Rome", missing], dtype=object)})
        (_, found) = samples_of_bytes(read_samples(frame).to_bytes())["city"].tolist()
        assert (found is None) == (missing is None)


def test_csv_columns_have_the_types_that_pandas_gives_them(tmp_path):
    text = "city,age,member,visits,code\nRome,1.5,True,1,a1\n,,False,-2,2\n"
    (tmp_path / "X.csv").write_text(text)
    found = read_samples(tmp_path / "X.csv")
    assert [(c.name, c.kind) for c in found.table] == [
        ("city", "str"),
        ("age", "float64"),
        ("member", "bool"),
        ("visits", "int64"),
        ("code", "str"),
    ]
    want = pd.read_csv(io.StringIO(text))
    same(samples_of_bytes(found.to_bytes()), want.astype({"city": object, "code": object}))


@pytest.mark.parametrize("text", ["city,age\nRome\n", "city,member\nRome,true\nOslo,\n"])
def test_a_broken_table_is_refused(tmp_path, text):
    (tmp_path / "X.csv").write_text(text)
    with pytest.raises(BadInput):
        read_samples(tmp_path / "X.csv")


@pytest.mark.parametrize("word", ["NA", "None", "null", "nan", "#N/A"])
def test_a_text_that_pandas_takes_as_missing_is_refused_among_samples(tmp_path, word):
    (tmp_path / "X.csv").write_text(f"city,age\nRome,1\n{word},2\n")
    with pytest.raises(BadInput, match="row 2 of the samples, column 'city'") as refused:
        read_samples(tmp_path / "X.csv")
    assert "leave the cell empty" in refused.value.hint


def test_documents_need_their_header_so_that_none_is_taken_for_it(tmp_path):
    from convert.unpickle.child import _check_columns

    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression())
    (tmp_path / "X.csv").write_text("good day\nbad day\n")
    with pytest.raises(BadInput, match="first document") as refused:
        _check_columns(estimator, read_samples(tmp_path / "X.csv").columns)
    assert "{'text': documents}" in refused.value.hint
    (tmp_path / "X.csv").write_text("text\ngood day\nbad day\n")
    _check_columns(estimator, read_samples(tmp_path / "X.csv").columns)
    _check_columns(estimator, read_samples(pd.DataFrame({"review": ["good", "bad"]})).columns)


def test_spaces_around_a_name_of_the_samples_are_told(tmp_path):
    from convert.unpickle.child import _check_columns

    estimator = OneHotEncoder().fit(pd.DataFrame({"city": ["Rome"], "kind": ["big"]}))
    (tmp_path / "X.csv").write_text("city, kind\nRome,big\n")
    with pytest.raises(BadInput, match="columns") as refused:
        _check_columns(estimator, read_samples(tmp_path / "X.csv").columns)
    assert "no spaces" in refused.value.hint


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """A signed pickle and a CSV of samples become an artifact, as a user would do it."""
    folder = tmp_path_factory.mktemp("shop")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "city": rng.choice(["Rome", "Oslo", "Zürich"], 120),
            "age": rng.normal(40, 10, 120).round(2),
            "visits": rng.integers(0, 9, 120),
        }
    )
    frame.loc[::9, "city"] = np.nan
    frame.loc[::7, "age"] = np.nan
    columns = ColumnTransformer(
        [
            ("city", OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("numbers", SimpleImputer(), ["age", "visits"]),
        ]
    )
    estimator = make_pipeline(columns, LogisticRegression(max_iter=1000))
    estimator.fit(frame, frame["age"].fillna(40) > 40)
    (folder / "model.pkl").write_bytes(pickle.dumps(estimator))
    frame.to_csv(folder / "X.csv", index=False)
    private, public = generate(folder / "fleet")
    signature = sign_file(folder / "model.pkl", key=private)
    (folder / "model.pkl.sig").write_bytes(signature)
    convert.convert(
        folder / "model.pkl",
        trust=public,
        samples=folder / "X.csv",
        out=folder / "artifact",
        key=private,
    )
    return folder, estimator, frame


def run(folder, capsys, *arguments):
    code = main([*map(str, arguments), "--trust", str(folder / "fleet.pub")])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_csv_with_text_is_predicted_from_the_command_line(converted, capsys):
    folder, estimator, frame = converted
    code, out, _ = run(folder, capsys, "predict", folder / "artifact", folder / "X.csv", "--json")
    assert code == 0
    labels = [json.loads(line)["label"] for line in out.splitlines()]
    assert labels == estimator.predict(frame).tolist()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("city,age,visits\nRome,x,1\n", "line 2, column 'age'"),
        ("city,age,visits\nRome,1,1.5\n", "line 2, column 'visits'"),
        ("city,age,visits\nRome,1\n", "line 2"),
        ("city,age\nRome,1\n", "missing: visits"),
        ("city,city,age,visits\nRome,Rome,1,1\n", "twice"),
        ("city,age,visits\n", "no rows"),
    ],
)
def test_a_bad_cell_is_refused_by_line_and_column(converted, capsys, text, reason):
    folder = converted[0]
    (folder / "bad.csv").write_text(text)
    code, out, err = run(folder, capsys, "predict", folder / "artifact", folder / "bad.csv")
    assert code == BadInput.exit_code
    assert out == ""
    assert reason in err


def test_info_and_bench_know_columns(converted, capsys):
    folder = converted[0]
    assert "city" in run(folder, capsys, "info", folder / "artifact")[1]
    assert "predict_one" in run(folder, capsys, "bench", folder / "artifact")[1]


@pytest.mark.deep
def test_documents_from_csv_to_the_command_line(tmp_path, capsys):
    documents = ["good, great", "bad day", "great", "so bad", "good", "a bad, bad day"] * 8
    y = np.array(["great" in d or "good" in d for d in documents])
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(documents, y)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(estimator))
    pd.DataFrame({"text": documents}).to_csv(tmp_path / "X.csv", index=False)
    private, public = generate(tmp_path / "fleet")
    signature = sign_file(tmp_path / "model.pkl", key=private)
    (tmp_path / "model.pkl.sig").write_bytes(signature)
    for samples, out in ((tmp_path / "X.csv", "artifact"), (documents, "again")):
        convert.convert(
            tmp_path / "model.pkl",
            trust=public,
            samples=samples,
            out=tmp_path / out,
            key=private,
            report=tmp_path / f"{out}.html",
        )
    (tmp_path / "new.csv").write_text('text\n"great, good"\n\nbad\n')
    code, out, _ = run(tmp_path, capsys, "predict", tmp_path / "artifact", tmp_path / "new.csv")
    assert code == 0
    want = estimator.predict(["great, good", "", "bad"]).tolist()
    assert out.split() == [str(label) for label in want]
    assert "predict_one" in run(tmp_path, capsys, "bench", tmp_path / "again")[1]
    assert "text" in run(tmp_path, capsys, "info", tmp_path / "again")[1]
