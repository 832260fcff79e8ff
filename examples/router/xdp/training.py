"""Train the tree on the lab's captures, and prove what becomes of it."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

import convert
from edge_infer import BadInput
from examples.router.packets.files import read_file
from examples.router.packets.frame import ETHERNET
from examples.router.packets.problems import Problems
from examples.router.xdp.fields import fields, ip_header

if TYPE_CHECKING:
    from pathlib import Path

MOST_OF_A_CAPTURE = 1500
BENIGN_WEIGHT = 100.0
"""A benign packet dropped is worse than a malicious one passed."""

Rows = np.ndarray[Any, Any]


def read_lab(folder: Path) -> tuple[Rows, Rows, Rows]:
    """Rows `(n, 13)`, labels `(n,)` and the capture of each `(n,)`, from captures with a manifest.

    What an attacker sends is malicious, and so is what comes from no host of the lab (a spoofed
    source); all else is benign. Of each capture at most 1,500 packets are taken, evenly spread.

    Raises:
        BadInput: there is no manifest, or no packet of one of the classes.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{folder}: no manifest of a lab: {error}", hint="make lab") from error
    rows: list[list[int]] = []
    labels: list[int] = []
    groups: list[int] = []
    for number, entry in enumerate(manifest):
        for row, malicious in evenly(read_capture(folder / entry["file"], entry)):
            rows.append(row)
            labels.append(malicious)
            groups.append(number)
    if len(set(labels)) != 2:
        raise BadInput(
            f"{folder}: packets of both classes are needed",
            expected="benign and malicious packets",
            actual=", ".join(sorted(map(str, set(labels)))) or "none",
            hint="record both: make lab",
        )
    return np.array(rows, dtype=np.float64), np.array(labels), np.array(groups)


def read_capture(path: Path, entry: dict[str, Any]) -> list[tuple[list[int], int]]:
    """Each packet's fields and whether it is malicious."""
    attackers, known = set(entry["attackers"]), {*entry["clients"], *entry["servers"]}
    spoofed, found = entry["kind"].endswith("spoofed"), []
    for frame in read_file(path, Problems()):
        data = bytes(frame.captured)
        row = fields(data) if frame.linktype == ETHERNET else None
        if row is not None:
            source = source_of(data)
            bad = source in attackers or (spoofed and source not in known)
            found.append((row, int(bad)))
    return found


def source_of(frame: bytes) -> str:
    """Source address of a frame that has an IP header."""
    ip = ip_header(frame)
    assert ip is not None, "it has fields"
    start, size = (ip.at + 12, 4) if ip.version == 4 else (ip.at + 8, 16)
    return str(ipaddress.ip_address(frame[start : start + size]))


def evenly(found: list[tuple[list[int], int]]) -> list[tuple[list[int], int]]:
    """At most MOST_OF_A_CAPTURE of them, evenly spread."""
    step = max(1, -(-len(found) // MOST_OF_A_CAPTURE))
    return found[::step]


def train(rows: Rows, labels: Rows, depth: int = 8) -> DecisionTreeClassifier:
    """The tree."""
    weights = {0: BENIGN_WEIGHT, 1: 1.0}
    tree = DecisionTreeClassifier(
        max_depth=depth, min_samples_leaf=20, class_weight=weights, random_state=0
    )
    return tree.fit(rows, labels)


def held_out(rows: Rows, labels: Rows, groups: Rows, depth: int = 8) -> dict[str, float]:
    """Scores a packet, whole captures held out: recall of malicious, false alarms of benign."""
    folds = GroupKFold(min(5, len(np.unique(groups))))
    said = cross_val_predict(train(rows, labels, depth), rows, labels, groups=groups, cv=folds)
    return {
        "recall": float(np.mean(said[labels == 1] == 1)),
        "false_alarms": float(np.mean(said[labels == 0] == 1)),
    }


def prove(tree: DecisionTreeClassifier, rows: Rows, key: Path, out: Path) -> None:
    """Convert the tree exactly and write the signed artifact."""
    convert.export(tree, rows, name="router-packets").write(out, key=key)
