"""The report: well formed, self-contained, escaped, and true to the certificate."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import convert
from convert.conversion import write_all
from convert.prove.details import Decade
from convert.report import Timing, page
from convert.report.markup import tag
from convert.samples import read_samples
from convert.unpickle.child import _seen
from convert.unpickle.seen import Seen, read_seen, write_seen
from edge_infer.errors import BadInput, Unavailable, Untrusted
from edge_infer.trust.keygen import generate

VOID = {"meta", "br", "hr", "link"}
HOSTILE = '<script>alert("1")</script>'


class Reader(HTMLParser):
    """Collects elements and text, and fails on what does not nest."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def names(self):
        return {name for name, _ in self.elements}

    @property
    def text(self):
        return " ".join(self.texts)


@pytest.fixture(scope="module")
def model():
    X = np.random.default_rng(0).normal(size=(80, 3))
    y = np.where(X[:, 0] > 0, HOSTILE, "ham\u202egnp.exe")
    return LogisticRegression().fit(X, y), X


@pytest.fixture(scope="module")
def artifact(model):
    estimator, X = model
    return convert.export(estimator, X, name=f"{HOSTILE}&")


@pytest.fixture(scope="module")
def html(artifact, model, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert artifact.report(path, estimator=model[0], samples=model[1]) == path
    return path.read_text("utf-8")


def test_the_page_is_well_formed_and_says_what_it_is(html):
    read = Reader(html)
    assert html.startswith("<!doctype html>")
    assert ("html", {"lang": "en"}) in read.elements
    assert {"main", "header", "section", "figure", "svg", "table", "caption", "h1"} <= read.names
    ids = [given["id"] for _, given in read.elements if "id" in given]
    assert len(ids) == len(set(ids))
    labels = [g["aria-labelledby"] for _, g in read.elements if "aria-labelledby" in g]
    assert {one for label in labels for one in label.split()} <= set(ids)


def test_nothing_comes_from_elsewhere_and_nothing_runs(html):
    read = Reader(html)
    assert not read.names & {"script", "link", "img", "iframe", "object", "base", "form", "image"}
    attributes = {key for _, given in read.elements for key in given}
    assert not [key for key in attributes if key.startswith("on")]
    assert not attributes & {"src", "href", "srcset", "style", "xlink:href", "action"}
    assert "url(" not in html
    assert "@import" not in html
    assert "://" not in html
    (policy,) = [g["content"] for n, g in read.elements if g.get("http-equiv")]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_a_class_label_and_a_name_that_are_html_are_text(html):
    read = Reader(html)
    assert "<script" not in html
    assert HOSTILE in read.text
    assert "\u202e" not in html
    assert ("h1", {}) in read.elements


def test_a_hostile_attribute_stays_within_its_quotes():
    (element,) = Reader(tag("p", "x", title='"><script>')).elements
    assert element == ("p", {"title": '"><script>'})


def test_the_figures_are_those_of_the_certificate(html, artifact):
    text = Reader(html).text
    certificate = artifact.contract.certificate
    for probe in certificate.probes:
        assert f"{probe.rows:,}" in text
        assert probe.kind in text
    spreads = {spread.output: spread for spread in artifact.details.spreads}
    for parity in certificate.parity:
        spread = spreads[parity.output]
        answers = spread.equal + spread.tied + sum(d.answers for d in spread.decades)
        assert answers == parity.compared
        assert f"{parity.compared:,} answers" in text
        largest = max((decade.exponent for decade in spread.decades), default=None)
        if parity.max_difference:
            assert 10.0 ** (largest - 1) < parity.max_difference <= 10.0**largest
        else:
            assert largest is None
    for digest in (artifact.contract.source.versions["scikit-learn"], "SHA-256"):
        assert digest in text
    for note in certificate.notes:
        assert note in text


def test_each_engine_is_measured_beside_scikit_learn(html):
    text = Reader(html).text
    assert re.search(r"scikit-learn 1\.\S+ \s*[\d,.]+ µs", text)
    assert re.search(r"onnxruntime 1\.\S+ \s*[\d,.]+ µs", text)


def test_a_report_without_samples_measures_nothing(artifact, tmp_path):
    artifact.report(tmp_path / "r.html")
    assert "Latency" not in (tmp_path / "r.html").read_text("utf-8")


@pytest.mark.usefixtures("shorter")
def test_documents_of_a_file_are_measured_as_the_documents_they_are(tmp_path, monkeypatch):
    documents = ["good, great", "bad day", "great", "so bad"] * 5
    estimator = make_pipeline(CountVectorizer(), LogisticRegression())
    estimator.fit(documents, ["good" in d or "great" in d for d in documents])
    frame = pd.DataFrame({"text": documents})
    artifact = convert.export(estimator, frame)
    path = artifact.report(tmp_path / "r.html", estimator=estimator, samples=frame)
    assert path.read_text("utf-8").count("faster on 20 rows") == 1
    asked = []
    answers = type(estimator).predict
    monkeypatch.setattr(
        type(estimator),
        "predict",
        lambda self, X: asked.append(X) or answers(self, X),
    )
    _seen(artifact, estimator, frame)
    assert documents[:1] in asked
    assert documents in asked
    assert not any(hasattr(X, "columns") for X in asked)


@pytest.mark.parametrize("failing", ["report", "write"])
def test_a_conversion_whose_output_fails_leaves_nothing_behind(
    artifact, model, tmp_path, monkeypatch, failing
):
    key, _ = generate(tmp_path / "fleet")
    before = sorted(tmp_path.iterdir())

    def full(*_given, **_named):
        raise Unavailable("the disk is full")

    def write():
        write_all(
            artifact,
            tmp_path / "out",
            key,
            emit_c=None,
            report=tmp_path / "r.html",
            rows=read_samples(model[1]),
        )

    with monkeypatch.context() as broken:
        broken.setattr(convert.Artifact, failing, full)
        with pytest.raises(Unavailable):
            write()
    assert sorted(tmp_path.iterdir()) == before
    write()
    assert {"out", "r.html"} < {path.name for path in tmp_path.iterdir()}


def test_a_report_without_a_place_is_refused(artifact, tmp_path):
    with pytest.raises(BadInput, match="no directory"):
        artifact.report(tmp_path / "none" / "r.html")


def test_undecided_rows_are_explained_and_shown(artifact):
    (label,) = [p for p in artifact.contract.certificate.parity if p.output == "label"]
    assert label.undecided > 0
    assert artifact.details.undecided
    for row in artifact.details.undecided:
        assert row.margin < row.unit
    text = Reader(page(artifact, (), None)).text
    assert f"{label.undecided:,}" in text
    assert "rounding unit" in text


@pytest.fixture
def seen(artifact):
    return Seen(artifact.details, Timing("scikit-learn", 1.0, 80, 2.0, None))


def test_what_the_child_saw_survives_the_way(artifact, seen):
    assert read_seen(write_seen(seen), artifact.contract) == seen


def test_a_child_that_lies_about_the_figures_is_found(artifact, seen):
    first, *rest = seen.details.spreads
    for lie in (
        replace(first, equal=first.equal + 1),
        replace(first, equal=first.equal + first.tied + 1, tied=-1),
        replace(first, decades=(Decade(5, 0),)),
        replace(first, output="other"),
    ):
        told = replace(seen, details=replace(seen.details, spreads=(lie, *rest)))
        with pytest.raises(Untrusted, match="figures do not hold"):
            read_seen(write_seen(told), artifact.contract)


@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 9999, b"\xff", b'{"details": 1}'])
def test_a_child_that_sends_something_else_is_found(artifact, data):
    with pytest.raises(Untrusted, match="figures do not hold"):
        read_seen(data, artifact.contract)


def test_a_child_that_sends_html_is_escaped(artifact, seen):
    data = json.loads(write_seen(seen))
    data["baseline"]["engine"] = HOSTILE
    data["details"]["rows"][0]["row"] = HOSTILE
    found = read_seen(json.dumps(data).encode(), artifact.contract)
    told = replace(artifact, details=found.details)
    assert "<script" not in page(told, [found.baseline], HOSTILE)
