"""`python -m examples.router.synthetic DIR`: labelled captures to try the router on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge_infer import BadInput, EdgeInferError, Unavailable
from examples.router.synthetic.make import make_captures


def main() -> int:
    """Write them and say how many there are; the exit status, that of the error if refused."""
    parser = argparse.ArgumentParser("python -m examples.router.synthetic", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--each", type=int, default=1, metavar="N", help="captures of each kind")
    options = parser.parse_args()
    try:
        _check_empty(options.folder)
        if options.each < 1:
            raise BadInput("nothing to make", expected="--each 1 at least", actual=options.each)
        made = make_captures(options.folder, seed=options.seed, each=options.each)
    except OSError as error:
        print(f"Unavailable: {options.folder} cannot be written: {error.strerror}", file=sys.stderr)
        print("  to do:    name a directory of your own, on a disk with room", file=sys.stderr)
        return Unavailable.exit_code
    except EdgeInferError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    malicious = sum(one["label"] == "malicious" for one in made)
    print(f"{len(made)} captures in {options.folder}, {malicious} of them malicious")
    return 0


def _check_empty(folder: Path) -> None:
    """Captures that somebody recorded there may have the names of made ones."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(
            f"{folder} exists and is not empty",
            expected="a new or an empty directory",
            hint="name another one",
        )


if __name__ == "__main__":
    sys.exit(main())
