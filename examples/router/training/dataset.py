"""Labelled captures as rows: what the flow table gives, with the capture and the flow of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from edge_infer import BadInput
from examples.router.addresses import flow_of
from examples.router.compiled import open_table
from examples.router.features import NAMES, Row
from examples.router.flows.hosts import host_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = (".pcap", ".pcapng", ".pcap.gz", ".pcapng.gz")
BATCH = 4096
LABELS = ("benign", "malicious")


@dataclass(frozen=True)
class Capture:
    """One file, all of whose flows carry its label."""

    name: str
    path: Path
    label: str
    origin: str
    """The folder that it came from."""

    attackers: frozenset[str] = frozenset()
    """Where they are known, a malicious capture's flows between others are not learned from."""


@dataclass(frozen=True)
class Told:
    """What a judge knows of each row beside its numbers: `(n,)` each, in the order of judging."""

    clock_ns: NDArray[np.int64]
    source: NDArray[np.int64]
    """Number of the row's source, counted through all captures."""

    seen: NDArray[np.bool_]
    """Whether the source was seen to open the flow."""

    def of(self, rows: NDArray[np.bool_]) -> Told:
        """The rows for which the mask holds."""
        return Told(self.clock_ns[rows], self.source[rows], self.seen[rows])


@dataclass(frozen=True)
class Rows:
    """The rows of several captures, one after another."""

    X: NDArray[np.float64]
    """`(n, f)` in the order of `NAMES`."""

    capture: NDArray[np.int64]
    """`(n,)` position of the row's capture in `captures`."""

    flow: NDArray[np.int64]
    """`(n,)` number of the row's flow, counted through all captures."""

    captures: tuple[Capture, ...]
    seconds: NDArray[np.float64]
    """`(c,)` time that each capture covers, without the jumps of its clock."""

    told: Told | None = None
    """Of rows whose flows are judged, not only learned from."""

    @property
    def y(self) -> NDArray[np.int64]:
        """`(n,)` 1 for the rows of malicious captures."""
        return np.array([c.label == "malicious" for c in self.captures], int)[self.capture]

    def weights(self) -> NDArray[np.float64]:
        """`(n,)`: captures weigh alike, in each its flows, in each flow its rows."""
        rows_a_flow = np.bincount(self.flow)
        capture_of_flow = np.zeros(len(rows_a_flow), dtype=np.int64)
        capture_of_flow[self.flow] = self.capture
        flows_a_capture = np.bincount(capture_of_flow, minlength=len(self.captures))
        found: NDArray[np.float64] = 1.0 / (rows_a_flow[self.flow] * flows_a_capture[self.capture])
        return found

    def drawn(self, most_flows: int, seed: int) -> NDArray[np.bool_]:
        """`(n,)` rows of at most `most_flows` flows of each capture, drawn by chance.

        Captures weigh alike anyway, and a flood's thousandth flow says what its first one said.
        """
        chance = np.random.default_rng(seed)
        capture_of_flow = np.zeros(int(self.flow.max()) + 1, dtype=np.int64)
        capture_of_flow[self.flow] = self.capture
        kept = np.zeros(len(capture_of_flow), dtype=bool)
        for capture in np.unique(capture_of_flow):
            flows = np.flatnonzero(capture_of_flow == capture)
            if len(flows) > most_flows:
                flows = chance.choice(flows, most_flows, replace=False)
            kept[flows] = True
        found: NDArray[np.bool_] = kept[self.flow]
        return found

    def thinned(self, most_flows: int, seed: int) -> Rows:
        """The drawn ones alone, their flows numbered anew."""
        rows = self.drawn(most_flows, seed)
        _, flow = np.unique(self.flow[rows], return_inverse=True)
        told = None if self.told is None else self.told.of(rows)
        return Rows(self.X[rows], self.capture[rows], flow, self.captures, self.seconds, told)


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of all parts; captures, flows and sources numbered on."""
    captures: list[Capture] = []
    capture, flow, told = [], [], []
    flows = sources = 0
    for part in parts:
        capture.append(part.capture + len(captures))
        flow.append(part.flow + flows)
        captures += part.captures
        flows += int(part.flow.max()) + 1
        if part.told is not None:
            told.append(replace(part.told, source=part.told.source + sources))
            sources += int(part.told.source.max()) + 1
    return Rows(
        np.concatenate([part.X for part in parts]),
        np.concatenate(capture),
        np.concatenate(flow),
        tuple(captures),
        np.concatenate([part.seconds for part in parts]),
        _joined_told(told) if len(told) == len(parts) else None,
    )


def _joined_told(parts: Sequence[Told]) -> Told:
    return Told(
        np.concatenate([part.clock_ns for part in parts]),
        np.concatenate([part.source for part in parts]),
        np.concatenate([part.seen for part in parts]),
    )


def labelled_folder(folder: Path, origin: str) -> list[Capture]:
    """The captures of a folder that has a `manifest.json`, or folders `benign` and `malicious`.

    Raises:
        BadInput: neither is there, the manifest is none, or a label is unknown.
    """
    manifest = folder / "manifest.json"
    if manifest.is_file():
        found = _listed(manifest, origin)
    else:
        found = [
            Capture(path.name, path, label, origin)
            for label in LABELS
            for path in sorted((folder / label).glob("*"))
            if path.name.endswith(SUFFIXES)
        ]
    wrong = [one for one in found if one.label not in LABELS]
    if wrong or not found:
        raise BadInput(
            f"{folder}: no labelled captures",
            expected="manifest.json, or folders benign and malicious",
            actual=f"label {wrong[0].label!r}" if wrong else "none",
            hint="make some to see how it looks: python -m examples.router.synthetic DIR",
        )
    return found


def _listed(manifest: Path, origin: str) -> list[Capture]:
    try:
        told = json.loads(manifest.read_text("utf-8"))
        if not isinstance(told, list):
            raise TypeError("a list of captures is wanted")
        return [_capture(one, manifest.parent, origin) for one in told]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise BadInput(
            f"{manifest}: no list of captures",
            expected='[{"file": NAME, "label": LABEL, "attackers": [ADDRESS, …]}, …]',
            actual=said,
            hint="make some to see how it looks: python -m examples.router.synthetic DIR",
        ) from error


def _capture(told: object, folder: Path, origin: str) -> Capture:
    if not isinstance(told, dict):
        raise TypeError(f"{told!r} is no capture")
    name, label, attackers = told["file"], told["label"], told.get("attackers", [])
    for one in (name, label):
        if not isinstance(one, str):
            raise TypeError(f"{one!r} is no text")
    if not isinstance(attackers, list) or not all(isinstance(one, str) for one in attackers):
        raise TypeError(f"attackers {attackers!r} are no list of addresses")
    return Capture(name, folder / name, label, origin, frozenset(attackers))


def extract(captures: Iterable[Capture]) -> Rows:
    """Run each capture through a flow table of its own, as `replay` does."""
    captures = tuple(captures)
    rows: list[Row] = []
    of_capture: list[int] = []
    of_flow: list[int] = []
    seconds = np.zeros(len(captures))
    flows = 0
    told: list[tuple[int, int, bool]] = []
    sources: dict[tuple[int, int], int] = {}
    for number, capture in enumerate(captures):
        table = open_table()
        numbers: dict[int, int] = {}
        clock_ns = 0
        for _ in table.take_file(capture.path, BATCH):
            pass  # all rows are kept until the file's end
        table.end()
        seconds[number] = table.seconds
        for due in table.due:
            clock_ns = max(clock_ns, due.seen_ns)
            if capture.attackers and not capture.attackers.intersection(flow_of(due.flow.key)[:2]):
                continue
            # The flows are alive in `due`, so no two of them have one identity.
            flow = numbers.setdefault(id(due.flow), flows + len(numbers))
            rows.append(due.row)
            of_capture.append(number)
            of_flow.append(flow)
            host = host_of(due.flow.key[0], due.flow.key[4])
            source = sources.setdefault((number, host), len(sources))
            told.append((clock_ns, source, due.opening == "seen"))
        flows += len(numbers)
    X = np.array(rows, dtype=np.float64).reshape(len(rows), len(NAMES))
    clocks, of_source, seen = np.array(told, dtype=np.int64).reshape(len(told), 3).T
    return Rows(
        X, np.array(of_capture), np.array(of_flow), captures, seconds,
        Told(clocks, of_source, seen.astype(bool)),
    )  # fmt: skip
