"""Put the measured figures where they are told: `python -m benchmarks.router.page`.

Each part of a page stands between two comments and is made of one file of docs/router/, which a
benchmark wrote.
"""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from examples.router.enforce import Policy

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs" / "router"
PAGE = ROOT / "examples" / "router" / "README.md"
CARD = ROOT / "examples" / "router" / "models" / "MODEL_CARD.md"
DECISION = ROOT / "docs" / "adr" / "0012-several-flows-make-a-ban.md"
NAMES = {
    "native,compiled": "native engine, compiled flow table",
    "onnxruntime,compiled": "onnxruntime, compiled flow table",
    "native,python": "native engine, table in Python",
    "onnxruntime,python": "onnxruntime, table in Python",
    "nfstream": "nfstream, its statistical features and no verdict",
}


def speed(figures: dict[str, Any]) -> str:
    """Packets a second beside nfstream."""
    peer = figures["packets_per_second"]["nfstream"]
    lines = [
        f"{figures['packets']:,} packets of recordings in {figures['flows']:,} flows, "
        "read, judged and written as JSON,",
        f"processor time of one core, medians of {figures['rounds']} alternating rounds in one run",
        f"({_load(figures)}):",
        "",
        "| | packets a second | of nfstream |",
        "| --- | ---: | ---: |",
    ]
    for kind, name in NAMES.items():
        rate = figures["packets_per_second"][kind]
        lines.append(f"| {name} | {round(rate, -2):,} | {rate / peer:.1f} |")
    return "\n".join(lines)


def _load(figures: dict[str, Any]) -> str:
    return f"load {figures['load']:.1f} on {figures['processors']} processors"


def live(figures: dict[str, Any]) -> str:
    """Drops and latencies on a live interface."""
    first = figures["runs"][0]
    lines = [
        f"{first['asked_rate']:,} packets a second for {first['asked_seconds']} seconds, "
        f"{first['flows'] / first['asked_seconds']:,.0f} new flows a second;",
        f"milliseconds, median and 99th percentile, of the middle one of {figures['rounds']} runs "
        f"({_load(figures)}):",
        "",
        "| `watch` | dropped | from the kernel's stamp on the packet | from its turn "
        "| flows that time ended |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {_how(one)} | {one['dropped']:,} of {one['sent']:,} | {_both(one['wire_ms'])} "
        f"| {_both(one['latency_ms'])} | {_both(one['ended_ms'])} |"
        for one in figures["runs"]
    ]
    return "\n".join(lines)


def _how(run: dict[str, Any]) -> str:
    way = f"one by one, {run['engine']}" if run["no_batch"] else "in batches"
    return f"{way}, {run['priority']} priority"


def _both(found: dict[str, float]) -> str:
    return f"{_short(found['median'])}, {_short(found['p99'])}"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}" if number >= 1 else f"{number:.2f}"


def memory(figures: dict[str, Any]) -> str:
    """The peaks under floods, and what was evicted."""
    floods = figures["floods"]
    peak = {
        table: max(one["peak_mb"] for one in floods if one["table"] == table)
        for table in ("python", "compiled")
    }
    spoofed = next(one for one in floods if one["name"] == "spoofed SYN flood")
    return (
        f"At most {peak['python']:.0f} MB with the table in Python and "
        f"{peak['compiled']:.0f} MB with the compiled one, flat once the\ntable is full: "
        f"{spoofed['evicted']:,} of "
        f"{spoofed['flows']:,} spoofed flows were evicted, and counted."
    )


def bans(figures: dict[str, Any]) -> str:
    """Captures of each kind that have a ban, by rule."""
    groups = sorted(figures["groups"], key=lambda one: str(one["label"]))
    words = {"benign": "harmless", "malicious": "malicious"}
    whose = {"made": "made", "lab": "of the lab", "recorded": "recorded"}
    heads = [f"{words[one['label']]}, {one['captures']} {whose[one['whose']]}" for one in groups]
    made = _made(figures)["malicious"]
    columns = [
        "malicious flows", "of the latest", *heads, "nine of ten made attackers banned within, s",
    ]  # fmt: skip
    lines = [f"| {' | '.join(columns)} |", f"|{' ---: |' * len(columns)}"]
    for number, (strikes, among) in enumerate(figures["rules"]):
        mark = "**" if (strikes, among) == (Policy().strikes, Policy().among) else ""
        cells = [f"{mark}{strikes}{mark}", f"{mark}{among}{mark}"]
        cells += [str(one["with_a_ban"][number]) for one in groups]
        lines.append(f"| {' | '.join([*cells, str(made['within_s'][number])])} |")
    return "\n".join(lines)


def unseen(figures: dict[str, Any]) -> str:
    """What is flagged of made captures of many seeds."""
    seeds = figures["benign_flagged_by_seed"]
    made, rule = _made(figures), figures["rules"].index([Policy().strikes, Policy().among])
    benign = made["benign"]
    return (
        f"Of {len(seeds)} seeds, {min(map(int, seeds))} to {max(map(int, seeds))}, "
        f"{benign['flagged']:.1%} of the benign flows are flagged\n({benign['captures']} captures, "
        f"weighed alike; by seed {min(seeds.values()):.1%} to {max(seeds.values()):.1%}) and "
        f"{made['malicious']['flagged']:.0%} of the malicious ones;\n{benign['with_a_ban'][rule]} "
        f"of the {benign['captures']} have a host that would be banned."
    )


def others(figures: dict[str, Any]) -> str:
    """What is flagged of captures that nobody labelled."""
    flagged = figures["flagged"]
    most = max(flagged, key=lambda one: int(one["flagged"]))
    named = ", ".join(
        f"{one['capture']} {one['flagged']:,} of {one['flows']:,}"
        for one in sorted(flagged, key=lambda one: -one["flagged"] / one["flows"])
    )
    return (
        f"Of {figures['flows']:,} flows of {figures['captures']} captures of {figures['whose']}, "
        f"{sum(one['flagged'] for one in flagged):,} are flagged, {most['flagged']:,} of them\n"
        f"in {most['capture']}; captures weighed alike {figures['flagged_share']:.1%}. "
        f"Something is flagged in {len(flagged)} of them:\n{named}."
    )


def elsewhere(figures: dict[str, Any]) -> str:
    """Captures of other repositories, by what their owners say of them."""
    kinds = dict(figures["kinds"])
    benign, apart = kinds.pop("benign"), [kinds.pop(one) for one in APART]
    number = sum(one["captures"] for one in kinds.values())
    lines = [
        f"Of {number} malicious captures {figures['recall']:.1%} of the flows are found, and of "
        f"{benign['captures']} benign ones",
        f"{figures['benign_flagged']:.1%} flagged, in {len(figures['false_alarms'])} of them: "
        f"precision {figures['precision']:.3f} and F1 {figures['f1']:.3f} where captures weigh "
        "alike",
        f"and {benign['captures'] / number:.0f} times as many are benign, F1 "
        f"{figures['f1_of_labels_alike']:.3f} where both labels weigh the same.",
        "",
        f"| captures of {len(figures['repositories'])} repositories | captures | flows "
        "| flagged, captures weighed alike |",
        "| --- | ---: | ---: | ---: |",
    ]
    named = [
        ("ordinary programs", benign),
        *kinds.items(),
        *zip(APART.values(), apart, strict=True),
    ]
    lines += [
        f"| {name} | {one['captures']:,} | {one['flows']:,} | {one['flagged']:.1%} |"
        for name, one in named
    ]
    missed = sorted(_named(one["capture"]) for one in figures["malicious"] if not one["flagged"])
    return "\n".join(
        [*lines, "", f"Not a flow was found of {len(missed)}:", f"{', '.join(missed)}."]
    )


def _named(capture: str) -> str:
    """A file, or where all files have one name its folder."""
    path = PurePosixPath(capture)
    return path.parent.name if path.stem == "input" else path.name


APART = {
    "beyond": "attacks of which this card does not claim to find any",
    "evasions": "answers that HTTP Evader breaks",
    "unlabelled": "made for parsers, or unlabelled",
}


def _made(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["label"]: one for one in figures["groups"] if one["whose"] == "made"}


PARTS: dict[str, tuple[Path, str, Callable[[dict[str, Any]], str]]] = {
    "speed": (PAGE, "speed", speed),
    "live": (PAGE, "live", live),
    "memory": (PAGE, "memory", memory),
    "bans": (DECISION, "bans", bans),
    "unseen": (CARD, "bans", unseen),
    "others": (CARD, "others", others),
    "elsewhere": (CARD, "unseen", elsewhere),
}
"""The page of each part, the file of its figures, and what makes it of them."""


def part(name: str) -> str:
    """What a page has to say between its comments of that name."""
    _, file, told = PARTS[name]
    figures = json.loads((FIGURES / f"{file}.json").read_text("utf-8"))
    return f"<!-- {name} -->\n{told(figures)}\n<!-- end {name} -->"


def shown(name: str, page: str) -> str:
    """What the page says there, with the comments."""
    found = re.search(f"<!-- {name} -->.*?<!-- end {name} -->", page, re.DOTALL)
    return "" if found is None else found[0]


def main() -> None:
    """Write each part anew."""
    for name, (path, _, _) in PARTS.items():
        page = path.read_text("utf-8")
        path.write_text(page.replace(shown(name, page), part(name)), "utf-8")


if __name__ == "__main__":
    main()
