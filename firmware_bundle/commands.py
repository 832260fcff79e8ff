"""The workstation's command `bundle`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_infer.commands import Command
from edge_infer.commands.output import columns, print_json, print_table
from edge_infer.commands.private_key import read_private_key
from edge_infer.trust.keygen import public_key
from firmware_bundle import manifest
from firmware_bundle.bundling import bundle
from firmware_bundle.manifest import read_manifest
from firmware_bundle.slots.source import open_source
from firmware_bundle.targets import TARGETS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


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
        "--target",
        default="generic",
        metavar="TARGET",
        help="; ".join(f"{one.name}: {one.help}" for one in TARGETS.values()),
    )
    parser.add_argument("--tar", action="store_true", help="write one .tar, always the same bytes")
    parser.add_argument(
        "--with-wheels",
        nargs="?",
        const=True,
        default=False,
        metavar="PYTHON",
        help="put onnxruntime and numpy in, for a device that cannot install them; for this "
        "machine's release of Python, or for the device's, such as 3.13",
    )
    parser.add_argument(
        "--may-replace",
        type=int,
        metavar="SEQUENCE",
        help="a signed rollback: may be installed over later releases, up to this number",
    )


def _run(arguments: argparse.Namespace) -> int:
    key = read_private_key(arguments.key)
    out = bundle(
        arguments.artifact,
        arguments.out,
        key=key,
        trust=arguments.trust,
        target=arguments.target,
        tar=arguments.tar,
        wheels=arguments.with_wheels,
        may_replace=arguments.may_replace,
    )
    with open_source(out) as source:
        described = read_manifest(b"".join(source.blocks(manifest.NAME)))
        sizes = part_sizes(source.sizes)
    if arguments.json:
        print_json(
            {
                "bundle": str(out),
                "name": described.name,
                "sequence": described.sequence,
                "target": described.target,
                "signed_by": public_key(key).fingerprint,
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
            "signed by": f"{public_key(key).fingerprint}, whom devices must trust",
            "holds": columns(rows),
        }
    )
    return 0


def part_sizes(sizes: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Part of the bundle, its files, their bytes; largest first."""
    counts: dict[str, tuple[int, int]] = {}
    for name, size in sizes.items():
        part = _part(name)
        files, size_bytes = counts.get(part, (0, 0))
        counts[part] = files + 1, size_bytes + size
    listed = [(part, files, size) for part, (files, size) in counts.items()]
    return sorted(listed, key=lambda one: one[2], reverse=True)


def _part(name: str) -> str:
    folder, slash, _ = name.partition("/")
    if not slash:
        return name
    return "door for import" if folder == "edge_infer" else f"{folder}/"


BUNDLE = Command("bundle", "pack an artifact with its runtime for a device", _add_arguments, _run)
