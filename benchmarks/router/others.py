"""What the shipped model says of captures that nobody labelled:

    python -m benchmarks.router.others --whose "nDPI's tests" --keep FOLDER

Every capture of the folder, but for those that are among the recordings by name. Whoever recorded
them says what is in them by their names alone, so no recall and no precision is to be had: it is
said what is flagged. With `--keep` into docs/router/others.json, from which
`python -m benchmarks.router.page` makes what the model card says.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.router.bans import RECORDINGS, ROOT
from edge_infer import BadInput
from examples.router.bundles import open_judge
from examples.router.replay import Replay

if TYPE_CHECKING:
    from examples.router.judge import Judge

KEPT = ROOT / "docs" / "router" / "others.json"


def main() -> None:
    """Judge every capture and print those of which something is flagged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--whose", required=True, help="where the captures are from")
    parser.add_argument("--keep", action="store_true", help="write docs/router/others.json")
    options = parser.parse_args()
    known = {path.name.partition("_")[2] for path in RECORDINGS.rglob("*.pcap*")}
    paths = sorted(options.folder.glob("*.pcap*"))
    figures = judged([path for path in paths if path.name not in known])
    figures = {"whose": options.whose, **figures}
    print(json.dumps(figures, indent=1))
    if options.keep:
        KEPT.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def counted(judge: Judge, path: Path) -> tuple[int, int]:
    """How many flows a capture has and how many of them are flagged; none where it is not read."""
    flows = flagged = 0
    try:
        for one in Replay(judge).run([str(path)]):
            flows += one.final
            flagged += one.final and one.verdict.verdict == "malicious"
    except BadInput:
        return 0, 0
    return flows, flagged


def judged(paths: list[Path]) -> dict[str, Any]:
    """How many captures and flows there are, and which share of what is flagged."""
    judge = open_judge()
    captures, unread = [], []
    for path in paths:
        flows, flagged = counted(judge, path)
        if flows:
            captures.append({"capture": path.name, "flows": flows, "flagged": flagged})
        else:
            unread.append(path.name)
    return {
        "captures": len(captures),
        "flows": sum(one["flows"] for one in captures),
        "flagged_share": round(
            sum(one["flagged"] / one["flows"] for one in captures) / max(len(captures), 1), 5
        ),
        "flagged": [one for one in captures if one["flagged"]],
        "without_a_flow": unread,
    }


if __name__ == "__main__":
    main()
