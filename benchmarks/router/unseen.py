"""What the shipped model says of captures elsewhere whose content their owners tell:

    python -m benchmarks.router.unseen FOLDER --known NDPI_TESTS --keep

FOLDER/owner/name holds what is in a public repository of unseen.toml, a clone of it or captures out
of it. Nothing is learned from them and nothing chosen by them. unseen.toml says by their names
which are malicious and which benign; whatever else there is nobody labelled, and it is told apart.
Captures of the same packets count once; those of the recordings and of `--known` do not count. With
`--keep` into docs/router/unseen.json, from which `python -m benchmarks.router.page` makes what the
model card says.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tomllib
from collections import Counter
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from benchmarks.router.bans import RECORDINGS, ROOT
from benchmarks.router.others import counted
from edge_infer import BadInput
from examples.router.bundles import open_judge
from examples.router.packets import Problems, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from examples.router.judge import Judge

KEPT = ROOT / "docs" / "router" / "unseen.json"
RULE = Path(__file__).with_suffix(".toml")
SUFFIXES = (".pcap", ".pcapng", ".cap", ".trace", ".dmp", ".pcap_", ".pcapng_")
BENIGN, UNLABELLED = "benign", "unlabelled"
APART = BENIGN, "beyond", "evasions", UNLABELLED
"""What is none of the kinds of malicious captures that the model card claims."""


@dataclass(frozen=True)
class Origin:
    """A repository, and which of its captures are what."""

    repository: str
    folder: Path
    kinds: dict[str, list[str]]
    """For each kind, patterns of names; the first that fits holds."""

    odd: list[str]

    def kind(self, name: str) -> str:
        """Of a capture, named from the folder on."""
        for kind, patterns in self.kinds.items():
            if not any(fnmatchcase(name, pattern) for pattern in patterns):
                continue
            made_for_parsers = kind == BENIGN and any(one in name.lower() for one in self.odd)
            return UNLABELLED if made_for_parsers else kind
        return UNLABELLED


@dataclass(frozen=True)
class Judged:
    """A capture."""

    repository: str
    capture: str
    kind: str
    flows: int
    flagged: int

    @property
    def share(self) -> float:
        """Of its flows, those that are called malicious."""
        return self.flagged / self.flows


def main() -> None:
    """Judge every capture and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--known", nargs="+", type=Path, default=[], help="captures seen before")
    parser.add_argument("--keep", action="store_true", help="write docs/router/unseen.json")
    options = parser.parse_args()
    seen = set[bytes]()
    for folder in (RECORDINGS, *options.known):
        seen |= {packets_of(path) for path in captures(folder)}
    found, judge = list[Judged](), open_judge()
    for origin in origins(options.folder):
        found += judged(origin, judge, seen)
    figures = summary(found)
    print(json.dumps(figures, indent=1))
    if options.keep:
        KEPT.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def origins(folder: Path, rule: Path = RULE) -> Iterator[Origin]:
    """What the rule says of each repository."""
    told = tomllib.loads(rule.read_text("utf-8"))
    for one in told["origin"]:
        yield Origin(
            repository=one["repository"],
            folder=folder / one["repository"] / one.get("folder", ""),
            kinds={**one.get("malicious", {}), BENIGN: one.get("benign", [])},
            odd=told["odd"],
        )


def captures(folder: Path) -> list[Path]:
    """Every capture under a folder."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(one for one in paths if one.name.lower().removesuffix(".gz").endswith(SUFFIXES))


def packets_of(path: Path) -> bytes:
    """What tells the packets of a capture from those of others, whatever format they are in."""
    known = hashlib.sha256()
    try:
        for frame in read_file(path, Problems()):
            known.update(hashlib.sha256(frame.captured).digest())
    except BadInput:
        return hashlib.sha256(path.read_bytes()).digest()
    return known.digest()


def judged(origin: Origin, judge: Judge, seen: set[bytes]) -> Iterator[Judged]:
    """Every capture of a repository that has flows and was not seen; now it is."""
    for path in captures(origin.folder):
        packets = packets_of(path)
        if packets in seen:
            continue
        seen.add(packets)
        name = path.relative_to(origin.folder).as_posix()
        flows, flagged = counted(judge, path)
        if flows:
            yield Judged(origin.repository, name, origin.kind(name), flows, flagged)


def summary(found: list[Judged]) -> dict[str, Any]:
    """The figures: a flow carries its capture's label, and captures weigh alike."""
    by_kind: dict[str, list[Judged]] = {}
    for one in found:
        by_kind.setdefault(one.kind, []).append(one)
    benign = by_kind.get(BENIGN, [])
    malicious = [one for one in found if one.kind not in APART]
    hit = sum(one.share for one in malicious)
    false = sum(one.share for one in benign)
    recall, benign_flagged = _mean(malicious), _mean(benign)
    return {
        "repositories": dict(Counter(one.repository for one in found)),
        "f1": round(2 * hit / (hit + false + len(malicious)), 5) if hit else 0.0,
        "precision": round(hit / (hit + false), 5) if hit else 0.0,
        "recall": recall,
        "benign_flagged": benign_flagged,
        "f1_of_labels_alike": round(2 * recall / (recall + benign_flagged + 1), 5),
        "kinds": {
            kind: {
                "captures": len(ones),
                "flows": sum(one.flows for one in ones),
                "flagged_flows": sum(one.flagged for one in ones),
                "flagged": _mean(ones),
            }
            for kind, ones in sorted(by_kind.items())
        },
        "malicious": [asdict(one) for one in malicious],
        "false_alarms": [asdict(one) for one in benign if one.flagged],
    }


def _mean(found: Iterable[Judged]) -> float:
    shares = [one.share for one in found]
    return round(fmean(shares), 5) if shares else 0.0


if __name__ == "__main__":
    main()
