"""Capture files to verdicts: one JSON line a flow, and a last one that sums up."""

from __future__ import annotations

import json
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Literal, cast

from edge_infer import BadInput
from examples.router.compiled import open_table
from examples.router.packets import check_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from examples.router.compiled.choice import Kind
    from examples.router.flows import Table
    from examples.router.judge import Judge, Judged
    from examples.router.verdicts import Verdict

BATCH = 256
"""Rows that are judged at once."""

_quoted = json.JSONEncoder().encode
"""Of a text: it as JSON has it."""


def judge_file(path: str, table: Table, judge: Judge) -> Iterator[Judged]:
    """Every verdict of a capture file."""
    for _ in table.take_file(path, BATCH):
        yield from _judged(table, judge)
    while table.end(BATCH):
        yield from _judged(table, judge)
    yield from _judged(table, judge)
    yield from judge.end()


def _judged(table: Table, judge: Judge) -> Iterator[Judged]:
    """What is due, a batch at a time: after a pause every flow of the table may be."""
    due = table.due
    while due:
        part = due[:BATCH]
        del due[:BATCH]
        yield from judge(part)


class Replay:
    """Files one after another, each with a flow table of its own: their clocks are not one."""

    def __init__(self, judge: Judge, *, table: Kind | None = None) -> None:
        self._judge = judge
        self._kind = table
        self._files: list[dict[str, object]] = []
        self._problems: list[tuple[str, dict[str, int]]] = []
        self._malicious = self._benign = self._packets = 0
        self._began = perf_counter(), process_time()
        self.begun = False
        """Whether a file was judged to its end."""

    def run(self, paths: Iterable[str]) -> Iterator[Judged]:
        """The verdicts of all files.

        Raises:
            BadInput: a file is no capture, and nothing was judged yet; or one holds no frame of a
                link type that is read, and all others were judged.
            Unavailable: a file cannot be opened, and nothing was judged yet.
        """
        paths, refused = list(paths), list[BadInput]()
        for path in paths:
            check_file(path)
        for path in paths:
            table = open_table(self._kind)
            flows = malicious = 0
            for judged in judge_file(path, table, self._judge):
                if judged.final:
                    flows += 1
                    malicious += judged.verdict.verdict == "malicious"
                yield judged
            try:
                _check_links(path, table)
            except BadInput as error:
                refused.append(error)
            else:
                self.begun = True
            self._malicious += malicious
            self._benign += flows - malicious
            self._packets += table.counters.packets
            problems = table.problems.as_dict()
            if problems:
                self._problems.append((str(path), problems))
            self._files.append(
                {"file": str(path), "flows": flows, "malicious": malicious, **table.summary()}
            )
        if refused:
            raise refused[0]

    def problems(self) -> Iterator[tuple[str, dict[str, int]]]:
        """Files that were not read whole, with how many times why, the most frequent first."""
        yield from self._problems

    def files(self) -> list[dict[str, object]]:
        """Of each file its name, its verdicts, and what its table counted."""
        return list(self._files)

    def total(self, counter: Literal["link_control", "errors"]) -> int:
        """Of all files, packets that were counted and belong to no flow."""
        return sum(cast("int", one[counter]) for one in self._files)

    def summary(self) -> dict[str, object]:
        """Totals, speed and what each file's table counted."""
        wall, processor = (now - began for now, began in zip(
            (perf_counter(), process_time()), self._began, strict=True
        ))  # fmt: skip
        return {
            "flows": self._malicious + self._benign,
            "malicious": self._malicious,
            "benign": self._benign,
            "packets": self._packets,
            "seconds": round(wall, 6),
            "processor_seconds": round(processor, 6),
            "packets_per_second": round(self._packets / wall) if wall else 0,
            "rows": self._judge.rows,
            "files": self.files(),
        }


def json_line(verdict: Verdict) -> str:
    """A verdict as `replay --json` prints it.

    Put together by hand, which takes a third of the time, as nothing in it but the reasons needs
    to be escaped.
    """
    source, destination, source_port, destination_port, protocol = verdict.flow
    return (
        f'{{"flow": ["{source}", "{destination}", {source_port}, {destination_port}, '
        f'"{protocol}"], "first": {verdict.first!r}, "last": {verdict.last!r}, '
        f'"score": {verdict.score!r}, "verdict": "{verdict.verdict}", '
        f'"why": [{", ".join(map(_quoted, verdict.why))}], '
        f'"latency_ms": {round(1e4 * verdict.latency_ms) / 1e4!r}, '
        f'"opening": "{verdict.opening}", "by": "{verdict.by}"}}'
    )


def text_line(verdict: Verdict) -> str:
    """A verdict as `replay` and `watch` print it without `--json`."""
    source, destination, source_port, port, protocol = verdict.flow
    return (
        f"{verdict.score:.2f}  {protocol} {source}:{source_port} > {destination}:{port}  "
        + "; ".join(verdict.why)
    )


def _check_links(path: str, table: Table) -> None:
    problems = table.problems.as_dict()
    unknown = {cause: n for cause, n in problems.items() if cause.startswith("link type ")}
    if unknown and sum(unknown.values()) == table.counters.packets:
        raise BadInput(
            f"{path}: frames of a link type that is not read",
            expected="Ethernet, Linux cooked v1 or v2, raw IP or loopback",
            actual=", ".join(unknown),
            hint="capture on the interface itself: tcpdump -i IFACE -w FILE",
        )
