"""Columns of labels: codes, indicators, and labels that scikit-learn raises on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import LabelBinarizer, LabelEncoder

import convert
from convert.graph.emit import emit_model

pytestmark = [
    pytest.mark.usefixtures("shorter"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning"),
]
LABELS = np.array([7, -3, 0, 40, 7, 0, -3])


@pytest.mark.parametrize(
    "estimator",
    [
        LabelEncoder().fit(LABELS),
        LabelEncoder().fit(LABELS + 0.5),
        LabelBinarizer().fit(LABELS),
        LabelBinarizer(neg_label=-2, pos_label=3).fit(LABELS),
    ],
    ids=["codes", "codes of fractions", "indicators", "other marks"],
)
def test_labels_are_proven(estimator):
    rows = estimator.classes_[:, None].astype(float)
    certificate = convert.export(estimator, rows).contract.certificate
    assert all(parity.differ == 0 and parity.compared > 20 for parity in certificate.parity)


@given(st.sets(st.integers(-(2**53) + 1, 2**53 - 1), min_size=3, max_size=9), st.data())
@settings(max_examples=25, deadline=None)
def test_any_whole_labels_are_answered_alike_or_refused(classes, data):
    from edge_infer.engines.onnxruntime import open_session

    y = np.array(sorted(classes))
    near = st.sampled_from([float(v) + d for v in y for d in (-1, -0.5, 0, 0.5, 1)])
    for estimator in (LabelEncoder().fit(y), LabelBinarizer().fit(y)):
        emitted = emit_model(estimator, 1)
        session = open_session(emitted.onnx)
        for value in data.draw(st.lists(near, min_size=4, max_size=8)):
            got, marked = session.run(
                ["transformed", emitted.checks[0].name], {"X": np.array([[value]])}
            )
            try:
                want = estimator.transform(np.array([[value]]))
            except ValueError:
                assert marked[0]
            else:
                assert not marked[0]
                np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (LabelEncoder().fit(["a", "b", "c"]), "other than numbers"),
        (LabelEncoder().fit([1.0, np.nan]), "other than numbers"),
        (LabelBinarizer().fit([0, 1]), "three classes"),
        (LabelBinarizer(sparse_output=True).fit(LABELS), "dense output"),
        (LabelBinarizer().fit(np.eye(3, dtype=int)), "three classes"),
    ],
)
def test_labels_without_one_answer_a_row_are_refused(estimator, reason):
    with pytest.raises(convert.Unsupported, match=reason):
        emit_model(estimator, 1)
