"""`train`: labelled captures become a signed bundle."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge_infer import BadInput, Unavailable

if TYPE_CHECKING:
    import argparse

    from examples.router.training.train import Data

RECORDINGS = Path(os.environ.get("EDGE_INFER_DATA", "../shared/data")) / "packets"
"""Where the recordings that the shipped model learned from are looked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    parser.add_argument(
        "captures", nargs="*", metavar="DIR", type=Path,
        help="folders with manifest.json, or with folders benign and malicious; "
        f"without one {RECORDINGS}, where it exists",
    )  # fmt: skip
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="bundle to make")
    parser.add_argument(
        "--own", nargs="+", metavar="DIR", type=Path,
        help="folders of recordings of one's own, as the lab makes them: learned from, not judged",
    )  # fmt: skip
    parser.add_argument(
        "--elsewhere", nargs="+", metavar="DIR", type=Path,
        help="folders of another origin: never learned from, the operating point keeps to 1 %% of "
        "their benign flows",
    )  # fmt: skip
    parser.add_argument(
        "--made", metavar="N", type=int, help="captures made of each kind (48; 0 for none)"
    )
    parser.add_argument("--seed", type=int, help="of the made captures and of the model (20261128)")
    parser.add_argument("--native", default="host", help="targets to compile for (host)")


def run(options: argparse.Namespace) -> int:
    """Train, and say what the model does with captures that it did not see."""
    from examples.router.training.estimators import SEED
    from examples.router.training.train import MADE_EACH, gather, train

    _check_out(options.out)
    _check_numbers(options)
    _check_native(options.native)
    folders = options.captures or ([RECORDINGS] if RECORDINGS.is_dir() else [])
    seed = SEED if options.seed is None else options.seed
    each = MADE_EACH if options.made is None else options.made
    _tell_sources(options, folders, each)
    data = gather(
        folders,
        own=options.own or (),
        elsewhere=options.elsewhere or (),
        each=each,
        seed=seed,
    )
    _tell_captures(data)
    trained = train(
        data,
        options.out,
        native=options.native,
        seed=seed,
        progress=lambda stage: print(stage, file=sys.stderr),
    )
    score = trained.held_out.score
    print(
        f"captures held out: F1 {score.f1:.3f}, precision {score.precision:.3f}, "
        f"recall {score.recall:.3f}, {score.false_share:.2%} of benign flows flagged"
    )
    print(f"{trained.bundle}: replay it with --bundle {trained.bundle} --trust {trained.trust}")
    return 0


def _tell_sources(options: argparse.Namespace, folders: list[Path], each: int) -> None:
    """Say what is read: a folder that nobody named would otherwise show by its minutes alone."""
    read = [*folders, *(options.own or ()), *(options.elsewhere or ())]
    named = f"reading {', '.join(map(str, read))}" if read else ""
    made = f"making {each} captures of each kind, which takes a minute or more" if each else ""
    if named or made:
        print(", ".join(filter(None, (named, made))), file=sys.stderr)


def _tell_captures(data: Data) -> None:
    """Say what was found: a file whose name is not a capture's is not among them."""
    labels = [one.label for one in data.judged.captures]
    print(
        f"{labels.count('benign'):,} benign and {labels.count('malicious'):,} malicious captures "
        "to hold out in turn; others to learn from: "
        f"{0 if data.others is None else len(data.others.captures):,}",
        file=sys.stderr,
    )


def _check_out(out: Path) -> None:
    """Refuse now what could not be written after the work."""
    try:
        taken = out.exists() or out.with_suffix(".pub").exists()
        has_place = out.parent.is_dir() and os.access(out.parent, os.W_OK | os.X_OK)
    except OSError:
        taken, has_place = False, False
    if taken:
        raise BadInput(
            f"{out} exists", expected="a new directory", hint="name another one with --out"
        )
    if not has_place:
        raise Unavailable(
            f"{out} cannot be made",
            expected=f"a directory {out.parent} that you may write into",
            hint="make it, or name another one with --out",
        )


def _check_native(targets: str) -> None:
    """Compile a tree of one question: refuses now what would be refused after the work."""
    import numpy as np
    from sklearn.tree import DecisionTreeClassifier

    import convert

    rows = np.array([[0.0], [1.0]])
    convert.export(DecisionTreeClassifier(random_state=0).fit(rows, [0, 1]), rows).compiled(targets)


def _check_numbers(options: argparse.Namespace) -> None:
    """Refuse now what numpy would refuse after the work."""
    for name, most in (("seed", (1 << 32) - 1), ("made", 1_000)):
        number = getattr(options, name)
        if number is not None and not 0 <= number <= most:
            raise BadInput(
                f"--{name} {number} cannot be",
                expected=f"0 to {most:,}",
                actual=number,
                hint="leave it out for the usual one",
            )
