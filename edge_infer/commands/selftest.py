"""`edge-infer selftest`: does this machine compute what was proven?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_infer.commands import Command, add_bundle_arguments
from edge_infer.commands.output import print_json, print_table
from edge_infer.loading import load

if TYPE_CHECKING:
    import argparse


def _run(arguments: argparse.Namespace) -> int:
    # Loading is the self-test: a model that fails it does not come to be.
    model = load(arguments.bundle, trust=arguments.trust)
    found = {
        "engine": model.engine,
        "golden_vectors": model.self_test.rows,
        "values_compared": model.self_test.compared,
        "max_difference": model.self_test.max_difference,
        "tolerance": model.certificate.relative_tolerance,
    }
    if arguments.json:
        print_json({"passed": True, **found})
    else:
        print_table({k.replace("_", " "): v for k, v in found.items()} | {"verdict": "passed"})
    return 0


SELFTEST = Command("selftest", "run the golden vectors here", add_bundle_arguments, _run)
