"""Labelled captures become a bundle that judges, and the counting of scores is what it says."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from edge_infer import BadInput
from examples.router.__main__ import main
from examples.router.synthetic.make import make_captures
from examples.router.training.dataset import Capture, Rows, labelled_folder
from examples.router.training.evaluate import FOLDS, folds_of, judged
from examples.router.training.metrics import Flows, flow_scores, score, threshold_for
from examples.router.training.train import Data, train


def rows(labels: list[str], flows: list[int]) -> Rows:
    """Captures of so many flows, each of one row."""
    captures = tuple(
        Capture(f"{number}", Path(f"{number}"), label, "test")
        for number, label in enumerate(labels)
    )
    capture = np.repeat(np.arange(len(labels)), flows)
    return Rows(
        np.zeros((len(capture), 1)), capture, np.arange(len(capture)), captures,
        np.full(len(labels), 1800.0),
    )  # fmt: skip


def test_captures_weigh_alike_however_many_flows_they_have() -> None:
    data = rows(["malicious", "malicious", "benign", "benign"], [1, 1000, 1, 1000])
    flows = Flows.of(data)
    flagged = np.zeros(2002, dtype=bool)
    flagged[0] = True  # the whole of one malicious capture
    flagged[1001] = True  # the whole of one benign one
    found = score(flows, flagged, hours=2.0)
    assert found.false_an_hour == 0.5
    shares = (found.recall, found.false_share, found.precision, found.f1)
    assert shares == pytest.approx((0.5,) * 4)
    assert data.weights().sum() == pytest.approx(4.0)


def test_a_flow_has_its_highest_score() -> None:
    data = rows(["benign"], [2])
    twice = Rows(
        data.X[[0, 0, 1]], np.zeros(3, int), np.array([0, 0, 1]), data.captures, data.seconds
    )
    assert flow_scores(twice, np.array([0.2, 0.9, 0.4])).tolist() == [0.9, 0.4]


def test_the_operating_point_keeps_to_its_budget() -> None:
    flows = Flows.of(rows(["benign", "benign", "malicious"], [1, 99, 10]))
    scores = np.concatenate([[0.5], np.linspace(0.0, 0.8, 99), np.full(10, 0.9)])
    every = np.ones(110, dtype=bool)
    for budget in (0.0, 0.005, 0.02, 0.2):
        threshold = threshold_for(flows, scores, every, budget)
        assert score(flows, scores >= threshold, 1.0).false_share <= budget


def test_the_operating_point_keeps_to_captures_of_another_origin_too() -> None:
    data = rows(["benign", "benign", "malicious", "malicious"], [100] * 4)
    flows, folds = Flows.of(data), np.array([0, 1, 0, 1])
    scores = np.concatenate([np.linspace(0.0, 0.5, 200), np.linspace(0.4, 1.0, 200)])
    low = judged(flows, scores, folds, 1.0)
    high = judged(flows, scores, folds, 1.0, least=0.8)
    assert scores[low.flagged].min() < 0.8 <= scores[high.flagged].min()
    assert high.score.recall < low.score.recall


def test_no_capture_is_on_both_sides_and_each_is_held_out_once() -> None:
    data = rows(["benign"] * 17 + ["malicious"] * 15, [1] * 32)
    fold = folds_of(data, seed=3)
    assert set(fold) == set(range(FOLDS))
    assert np.bincount(fold[:17]).min() >= 2
    assert np.bincount(fold[17:]).min() >= 1


def test_labels_come_from_a_manifest_or_from_folders(tmp_path: Path) -> None:
    made = make_captures(tmp_path / "made", seed=1, each=1)
    assert [one.label for one in labelled_folder(tmp_path / "made", "x")] == [
        one["label"] for one in made
    ]
    (tmp_path / "sorted" / "benign").mkdir(parents=True)
    (tmp_path / "sorted" / "benign" / "a.pcap.gz").touch()
    (one,) = labelled_folder(tmp_path / "sorted", "x")
    assert (one.name, one.label) == ("a.pcap.gz", "benign")
    (tmp_path / "made" / "manifest.json").write_text('[{"file": "a", "label": "odd"}]', "utf-8")
    for folder in ("made", "nothing"):
        with pytest.raises(BadInput, match="no labelled captures"):
            labelled_folder(tmp_path / folder, "x")


@pytest.mark.parametrize(
    "text",
    ["{", "[1, 2]", '{"captures": []}', '[{"file": "x.pcap"}]', '[{"file": 5, "label": "benign"}]',
     '[{"file": "x", "label": ["benign"]}]', '[{"label": "benign"}]', "\xff", "[" * 100_000,
     '[{"file": "x", "label": "malicious", "attackers": 5}]',
     '[{"file": "x", "label": "malicious", "attackers": [[]]}]'],
    ids=lambda text: text[:50],
)  # fmt: skip
def test_a_manifest_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text, "latin-1")
    with pytest.raises(BadInput, match=r"manifest\.json: no list of captures"):
        labelled_folder(tmp_path, "x")


def test_the_same_seed_makes_the_same_captures(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        make_captures(tmp_path / folder, seed=5, each=1)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(names) > 25
    assert all(
        (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        for name in names
    )


@pytest.mark.parametrize("labels", [["benign", "malicious"], ["benign"] * 20, ["malicious"]])
def test_too_few_captures_are_refused_before_anything_is_learned(
    labels: list[str], tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="too few captures") as caught:
        train(Data(rows(labels, [1] * len(labels)), None), tmp_path / "mine")
    assert f"{labels.count('malicious')} malicious" in str(caught.value)
    assert not (tmp_path / "mine").exists()


def test_captures_without_a_flow_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "benign").mkdir()
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    (tmp_path / "benign" / "silence.pcap").write_bytes(header)
    arguments = ["train", str(tmp_path), "--made", "0", "--out", str(tmp_path / "mine")]
    assert main(arguments) == BadInput.exit_code
    assert "silence.pcap" in capsys.readouterr().err


@pytest.mark.deep
def test_training_makes_a_bundle_that_judges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_captures(tmp_path / "captures", seed=2, each=2)
    make_captures(tmp_path / "others", seed=3, each=1)
    out = tmp_path / "mine"
    arguments = ["train", str(tmp_path / "captures"), "--made", "0", "--out", str(out)]
    assert main(arguments) == 0
    assert "captures held out: F1" in capsys.readouterr().out
    assert main(arguments) == 5
    scan = tmp_path / "others" / "malicious-tcp-scan-0.pcap"
    replayed = ["replay", str(scan), "--json", "--bundle", str(out)]
    assert main(replayed) == 3, "another key vouches for it"
    capsys.readouterr()
    assert main([*replayed, "--trust", f"{out}.pub"]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])["summary"]
    assert summary["malicious"] > 0.8 * summary["flows"]
