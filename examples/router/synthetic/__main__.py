"""`python -m examples.router.synthetic DIR`: labelled captures to try the router on."""

from __future__ import annotations

import argparse
from pathlib import Path

from examples.router.synthetic.make import make_captures


def main() -> None:
    """Write them and say how many there are."""
    parser = argparse.ArgumentParser("python -m examples.router.synthetic", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--each", type=int, default=1, metavar="N", help="captures of each kind")
    options = parser.parse_args()
    made = make_captures(options.folder, seed=options.seed, each=options.each)
    malicious = sum(one["label"] == "malicious" for one in made)
    print(f"{len(made)} captures in {options.folder}, {malicious} of them malicious")


if __name__ == "__main__":
    main()
