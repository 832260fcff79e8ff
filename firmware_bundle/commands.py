"""The workstation's command `bundle`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_infer.commands import Command
from edge_infer.commands.output import columns, print_json, print_table
from edge_infer.commands.private_key import read_private_key
from edge_infer.trust import SIGNATURE_NAME
from firmware_bundle import manifest
from firmware_bundle.bundling import ARTIFACT, TARGETS, bundle
from firmware_bundle.manifest import read_manifest
from firmware_bundle.runtime import PACKAGE

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("artifact", help="directory that convert wrote")
    parser.add_argument("--out", required=True, metavar="DIR", help="bundle to make")
    parser.add_argument("--key", required=True, metavar="FLEET.key", help="signs the bundle")
    parser.add_argument(
        "--trust",
        required=True,
        action="append",
        metavar="FLEET.pub",
        help="public key of whoever signed the artifact; may be given several times",
    )
    parser.add_argument(
        "--target", default="generic", help=f"{', '.join(TARGETS)} (default: generic)"
    )


def _run(arguments: argparse.Namespace) -> int:
    out = bundle(
        arguments.artifact,
        arguments.out,
        key=read_private_key(arguments.key),
        trust=arguments.trust,
        target=arguments.target,
    )
    described = read_manifest((out / manifest.NAME).read_bytes())
    sizes = part_sizes(out)
    if arguments.json:
        print_json(
            {
                "bundle": str(out),
                "name": described.name,
                "sequence": described.sequence,
                "target": described.target,
                "size_bytes": {part: size for part, _, size in sizes},
            }
        )
        return 0
    rows = [(part, f"{files:,} files", f"{size:,} bytes") for part, files, size in sizes]
    rows.append(
        ("all", f"{sum(f for _, f, _ in sizes):,} files", f"{sum(s for *_, s in sizes):,} bytes")
    )
    print_table(
        {
            "bundle": out,
            "model": f"{described.name}, sequence {described.sequence}",
            "target": described.target,
            "holds": columns(rows),
        }
    )
    return 0


def part_sizes(root: Path) -> list[tuple[str, int, int]]:
    """Part of the bundle, its files, their bytes; in the order in which the README names them."""
    counts = dict.fromkeys((f"{ARTIFACT}/", f"{PACKAGE}/", "bytecode", "beside them"), (0, 0))
    counts[SIGNATURE_NAME] = (0, 0)
    for path in root.rglob("*"):
        if path.is_file():
            part = _part(path.relative_to(root))
            files, size = counts[part]
            counts[part] = files + 1, size + path.stat().st_size
    return [(part, files, size) for part, (files, size) in counts.items()]


def _part(path: Path) -> str:
    if path.suffix == ".pyc":
        return "bytecode"
    if len(path.parts) > 1:
        return f"{path.parts[0]}/"
    return SIGNATURE_NAME if path.name == SIGNATURE_NAME else "beside them"


BUNDLE = Command("bundle", "pack an artifact with its runtime for a device", _add_arguments, _run)
