"""Captures of other people: labelled by what they say of them, each counted once, weighed alike."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
from router_frames import A4, B4, ETHERNET, ipv4, pcap, tcp

from benchmarks.router.unseen import KEPT, Judged, judged, origins, summary
from examples.router.bundles import open_judge

if TYPE_CHECKING:
    from pathlib import Path

RULE = """
odd = ["malform"]
[[origin]]
repository = "someone/captures"
folder = "traces"
benign = ["web/*"]
[origin.malicious]
scans = ["*sweep*"]
beyond = ["web/worm*"]
"""


def test_a_malicious_name_goes_before_a_benign_one_and_an_odd_one_is_not_labelled(
    tmp_path: Path,
) -> None:
    rule = tmp_path / "rule.toml"
    rule.write_text(RULE, "utf-8")
    (origin,) = origins(tmp_path, rule)
    names = ("web/a.pcap", "web/Malformed.pcap", "web/sweep.pcap", "web/worm.pcap", "other.pcap")
    assert [origin.kind(name) for name in names] == [
        "benign", "unlabelled", "scans", "beyond", "unlabelled",
    ]  # fmt: skip


def test_the_same_packets_count_once_in_whatever_file_and_known_ones_not_at_all(
    tmp_path: Path,
) -> None:
    rule, folder = tmp_path / "rule.toml", tmp_path / "someone" / "captures" / "traces"
    rule.write_text(RULE, "utf-8")
    folder.mkdir(parents=True)
    sweep = [
        (number * 1_000_000, ETHERNET + b"\x08\x00" + ipv4(6, tcp(), ends=(A4, B4 + number)))
        for number in range(200)
    ]
    (folder / "sweep.pcap").write_bytes(pcap(sweep))
    (folder / "sweep-again.pcap.gz").write_bytes(gzip.compress(pcap(sweep, order=">")))
    (folder / "nothing.pcap").write_bytes(pcap([]))
    (folder / "no-capture.pcap").write_bytes(b"something else")
    (folder / "README.md").write_bytes(b"no capture either")
    (origin,) = origins(tmp_path, rule)
    seen = set[bytes]()
    (found,) = judged(origin, open_judge(), seen)
    assert (found.kind, found.flows) == ("scans", 200)
    assert found.share > 0.9
    assert not list(judged(origin, open_judge(), seen))


def test_captures_weigh_alike_and_what_is_not_claimed_is_told_apart() -> None:
    figures = summary(
        [
            Judged("a/a", "small", "scans", 1, 1),
            Judged("a/a", "large", "floods", 1000, 0),
            Judged("a/a", "quiet", "benign", 500, 0),
            Judged("a/a", "noisy", "benign", 2, 1),
            Judged("a/a", "worm", "beyond", 10, 10),
            Judged("a/a", "fuzz", "unlabelled", 10, 10),
        ]
    )
    assert figures["recall"] == 0.5
    assert figures["benign_flagged"] == 0.25
    assert figures["precision"] == pytest.approx(1 / 1.5, abs=1e-5)
    assert figures["f1"] == pytest.approx(2 / (1 + 0.5 + 2), abs=1e-5)
    assert [one["capture"] for one in figures["false_alarms"]] == ["noisy"]


def test_what_was_kept_carries_the_labels_of_the_rule(tmp_path: Path) -> None:
    kept = json.loads(KEPT.read_text("utf-8"))
    of = {one.repository: one for one in origins(tmp_path)}
    assert set(kept["repositories"]) <= set(of)
    for one in (*kept["malicious"], *kept["false_alarms"]):
        assert of[one["repository"]].kind(one["capture"]) == one["kind"]
    assert {one["kind"] for one in kept["false_alarms"]} == {"benign"}
    assert sum(kept["repositories"].values()) == sum(
        one["captures"] for one in kept["kinds"].values()
    )
