"""The baseline: a forest on eight header fields of each packet, as most published scores have it.

The same folds and the same count as everywhere: a flow's score is the mean of its packets'.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from examples.router.packets import Problems, dissect, read_file
from examples.router.packets.links import IPV4, network_layer
from examples.router.training.dataset import Rows
from examples.router.training.evaluate import (
    LABELS,
    HeldOut,
    balanced,
    folds_of,
    judged,
)
from examples.router.training.metrics import Flows, benign_hours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples.router.training.dataset import Capture

MOST_PACKETS = 500
FOLDS = 8


def packets_of(capture: Capture) -> tuple[list[list[float]], list[int]]:
    """Protocol, ports, length, TTL, flags, payload and window of the first packets, with flows."""
    fields: list[list[float]] = []
    of_flow: list[int] = []
    flows: dict[tuple[int, ...], int] = {}
    for frame in read_file(capture.path, Problems()):
        packet = dissect(frame.linktype, frame.captured)
        if isinstance(packet, str):
            continue
        source, destination, source_port, port, protocol, flags, payload, _ = packet
        key = tuple(sorted((source, destination)) + sorted((source_port, port)) + [protocol])
        of_flow.append(flows.setdefault(key, len(flows)))
        network = network_layer(frame.linktype, frame.captured)
        assert not isinstance(network, str)
        at = network[1] + (8 if network[0] == IPV4 else 7)
        ttl = frame.captured[at] if at < len(frame.captured) else 0
        window = _window(frame.captured, network)
        fields.append([protocol & 0xFFFF, source_port, port, frame.length, ttl, flags & 0xFFFF,
                       payload, window])  # fmt: skip
        if len(fields) >= MOST_PACKETS:
            break
    return fields, of_flow


def _window(data: bytes | memoryview, network: tuple[int, int]) -> int:
    at = network[1] + (20 if network[0] == IPV4 else 40) + 14
    return int(struct.unpack_from(">H", data, at)[0]) if at + 2 <= len(data) else 0


def hold_out_headers(captures: Sequence[Capture], seed: int) -> HeldOut:
    """The forest in the metric of the score sheet."""
    X, flow, capture, flows = [], [], [], 0
    for number, one in enumerate(captures):
        fields, of_flow = packets_of(one)
        X += fields
        flow += [flows + each for each in of_flow]
        capture += [number] * len(fields)
        flows += max(of_flow, default=-1) + 1
    rows = Rows(
        np.array(X, float), np.array(capture), np.array(flow), tuple(captures),
        np.zeros(len(captures)),
    )  # fmt: skip
    fold = folds_of(rows, seed)
    scores = np.zeros(len(rows.X))
    weights = balanced(rows.y, rows.weights())
    for number in range(FOLDS):
        held = (fold == number)[rows.capture]
        forest = RandomForestClassifier(50, random_state=seed)
        forest.fit(rows.X[~held], LABELS[rows.y[~held]], sample_weight=weights[~held])
        scores[held] = forest.predict_proba(rows.X[held])[:, 1]
    mean = np.bincount(rows.flow, weights=scores) / np.bincount(rows.flow)
    return judged(Flows.of(rows), mean, fold, max(benign_hours(rows), 1.0))
